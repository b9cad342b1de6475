using System.Text.Json;
using Proxyless.Tests.Cli;
using Proxyless.Tests.Data;
using Xunit;
using static TorchSharp.torch;

namespace Proxyless.Tests.HostProcess;

/// <summary>What a training leaves behind in a program that uses the library, in processes of their own.</summary>
public sealed class HostProcessTests
{
    [Fact]
    public void A_run_without_the_call_changes_nothing_or_names_the_call()
    {
        Effects effects = Run("nothing");
        if (effects.Refused is { } refused)
        {
            // Here TorchSharp's library does not load as shipped; after the call it does.
            Assert.Contains("call ProxylessRuntime.Configure() at the start", refused, StringComparison.Ordinal);
        }

        Assert.Null(effects.Policy);
        Assert.True(effects.IsMapped);
        Assert.NotNull(effects.Threads);
    }

    [Fact]
    public void A_run_leaves_allocator_environment_threads_and_random_numbers_alone()
    {
        Effects effects = Run("load-only");
        Assert.Null(effects.Refused);
        Assert.Null(effects.Policy);
        Assert.True(effects.IsMapped);
        Assert.Equal(3, effects.Threads);
        using var generator = new Generator(7, CPU);
        using Tensor first = rand(1, generator: generator);
        Assert.Equal(first.item<float>(), effects.Drawn);
    }

    [Fact]
    public void The_call_does_what_its_options_say()
    {
        Effects effects = Run("everything");
        Assert.Null(effects.Refused);
        Assert.Equal("passive", effects.Policy);
        Assert.False(effects.IsMapped);
        Assert.Equal(2, effects.Threads);
    }

    [Fact]
    public void A_resolver_of_the_program_is_left_in_place_and_named()
    {
        Effects effects = Run("resolver");
        Assert.SkipWhen(effects.Refused is null, "this system needs no resolver");
        Assert.Contains("has a resolver of native libraries already", effects.Refused, StringComparison.Ordinal);
        Assert.Contains("SupportOldLibstdcxx", effects.Refused, StringComparison.Ordinal);
        Assert.Null(effects.Policy);
        Assert.True(effects.IsMapped);
    }

    private static Effects Run(string mode)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the effects are those on Linux");
        using var folder = new TemporaryFolder();
        string[] words = HostProbeProgram.Words(mode, Path.Combine(folder.Root, "run"));
        CommandLineRun run = CommandProcess.RunProgram(
            words[0],
            folder.Root,
            new Dictionary<string, string?> { ["OMP_WAIT_POLICY"] = null, ["OMP_NUM_THREADS"] = null },
            words[1..]
        );
        Assert.True(run.ExitCode == 0, run.Error);
        return JsonSerializer.Deserialize<Effects>(run.Output, JsonSerializerOptions.Web)!;
    }

    private sealed record Effects(string? Refused, string? Policy, bool IsMapped, int? Threads, float? Drawn);
}
