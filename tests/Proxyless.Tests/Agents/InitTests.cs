using Proxyless.Latency;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Xunit;

namespace Proxyless.Tests.Agents;

/// <summary>What an agent is made with: a target that clients can use, or a sentence.</summary>
public sealed class InitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Folder => Path.Combine(_folder.Root, "agent");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("--folder", "")]
    [InlineData("--host", "")]
    [InlineData("--host", "a b")]
    [InlineData("--host", "a/b")]
    [InlineData("--host", "me@board")]
    [InlineData("--host", "board:7443")]
    [InlineData("--port", "0")]
    [InlineData("--port", "65536")]
    public void A_value_that_no_client_could_use_is_refused_and_nothing_is_made(string option, string value)
    {
        string[] folder = option == "--folder" ? [] : ["--folder", Folder];
        CommandLineRun init = Run(["init", .. folder, option, value]);
        Assert.Equal(2, init.ExitCode);
        Assert.Contains(option, init.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", init.Error, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Root));
    }

    [Theory]
    [InlineData("::1", "https://[::1]:7443")]
    [InlineData("[fe80::1]", "https://[fe80::1]:7443")]
    [InlineData("192.168.1.20", "https://192.168.1.20:7443")]
    [InlineData("my_board.local", "https://my_board.local:7443")]
    public void A_name_or_an_address_makes_a_target_that_is_opened(string host, string address)
    {
        CommandLineRun init = Run(["init", "--folder", Folder, "--host", host]);
        Assert.True(init.ExitCode == 0, init.Error);
        using ITarget target = TargetFile.Open(Path.Combine(Folder, "target.yaml"));
        Assert.Equal(address, Assert.IsType<AgentTarget>(target).Address);
    }

    /// <summary>Nobody can know an agent before its certificate is there, the last file that is written.</summary>
    [Theory]
    [InlineData("token", 0)]
    [InlineData("certificate.pfx", 2)]
    public void What_a_full_disk_left_unfinished_is_made_anew(string left, int exitCode)
    {
        _folder.Add(Path.Combine("agent", left), "left"u8.ToArray());
        CommandLineRun init = Run(["init", "--folder", Folder]);
        Assert.True(init.ExitCode == exitCode, init.Error);
        Assert.Equal(exitCode == 0, File.Exists(Path.Combine(Folder, "target.yaml")));
        Assert.Equal(exitCode != 0, File.ReadAllText(Path.Combine(Folder, left)) == "left");
    }

    private CommandLineRun Run(params IReadOnlyList<string> arguments) =>
        CommandProcess.RunProgram(AgentProcess.Program, _folder.Root, new Dictionary<string, string?>(), arguments);
}
