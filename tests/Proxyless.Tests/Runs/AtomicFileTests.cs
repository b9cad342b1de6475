using Proxyless.Files;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Runs;

public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string File => Path.Combine(_folder.Root, "last.safetensors");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Temporary_names_have_a_part_that_no_other_process_has()
    {
        string[] names = [Temporary(), Temporary()];
        Assert.All(names, name => Assert.Matches(@"^\.last\.safetensors\.[0-9a-f]{16}\.[0-9]+\.proxyless-tmp$", name));
        Assert.All(names, name => Assert.True(AtomicFile.IsLeftover(name)));
        Assert.NotEqual(names[0], names[1]);
        Assert.Equal([File], Directory.EnumerateFiles(_folder.Root));
    }

    [Fact]
    public void A_name_may_have_all_the_letters_that_a_name_can_have()
    {
        string file = Path.Combine(_folder.Root, $"{new string('a', 251)}.svg");
        AtomicFile.WriteAllText(file, "whole");
        Assert.Equal("whole", System.IO.File.ReadAllText(file));
    }

    /// <summary>The name of the file while it is written.</summary>
    private string Temporary()
    {
        string name = "";
        AtomicFile.Write(File, stream => name = Path.GetFileName(((FileStream)stream).Name));
        return name;
    }
}
