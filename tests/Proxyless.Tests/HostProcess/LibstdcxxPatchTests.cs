using System.Runtime.Versioning;
using Proxyless.Runtime;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.HostProcess;

/// <summary>The patched copy in the user's cache is loaded as code: what is not exactly it is replaced.</summary>
public sealed class LibstdcxxPatchTests
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    [Fact]
    public void A_damaged_a_foreign_and_a_linked_copy_are_replaced()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && PatchedLibrary.IsNeeded, "no copy is made here");
        using var folder = new TemporaryFolder();
        string copy = Use(folder);
        byte[] whole = File.ReadAllBytes(copy);
        DateTime written = File.GetLastWriteTimeUtc(copy);

        // One that is whole is used as it is.
        Assert.Equal(copy, Use(folder));
        Assert.Equal(written, File.GetLastWriteTimeUtc(copy));

        byte[] damaged = [.. whole];
        damaged[whole.Length / 2] ^= 1;
        File.WriteAllBytes(copy, damaged);
        Use(folder);
        Assert.Equal(whole, File.ReadAllBytes(copy));

        File.WriteAllText(copy, "not a library at all");
        Use(folder);
        Assert.Equal(whole, File.ReadAllBytes(copy));

        string elsewhere = folder.Add("elsewhere.so", whole);
        File.Delete(copy);
        File.CreateSymbolicLink(copy, elsewhere);
        Use(folder);
        Assert.Null(new FileInfo(copy).LinkTarget);
        Assert.Equal(whole, File.ReadAllBytes(copy));
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void The_folder_of_the_copy_is_the_users_alone()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && PatchedLibrary.IsNeeded, "no copy is made here");
        using var folder = new TemporaryFolder();
        string native = Path.Combine(folder.Root, "cache", "native");
        Directory.CreateDirectory(native);
        File.SetUnixFileMode(native, OwnerOnly | UnixFileMode.GroupWrite | UnixFileMode.OtherWrite);
        string copy = Use(folder);
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(native));
        Assert.Equal(OwnerOnly, File.GetUnixFileMode(Path.GetDirectoryName(copy)!));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(copy));
        Assert.Empty(Directory.EnumerateFiles(native, ".*", SearchOption.AllDirectories));
    }

    /// <summary>A command that needs libtorch.</summary>
    /// <returns>The copy that it loaded.</returns>
    private static string Use(TemporaryFolder folder)
    {
        string cache = Path.Combine(folder.Root, "cache");
        CommandLineRun run = CommandProcess.Run(
            folder.Root,
            new Dictionary<string, string?> { ["PROXYLESS_CACHE"] = cache },
            "bench",
            "--space",
            "tiny",
            "--batch-size",
            "2",
            "--resolution",
            "16",
            "--steps",
            "1"
        );
        Assert.True(run.ExitCode == 0, run.Error);
        return Assert.Single(Directory.GetFiles(cache, "*.so", SearchOption.AllDirectories));
    }
}
