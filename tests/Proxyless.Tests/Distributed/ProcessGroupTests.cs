using System.Text.Json;
using Proxyless.Distributed;
using Proxyless.Tests.Cli;
using Xunit;

namespace Proxyless.Tests.Distributed;

/// <summary>The collective operations, in processes that an MPI has started.</summary>
public sealed class ProcessGroupTests
{
    // Of single precision, with sums in another order.
    private const double Rounding = 2e-6;

    public static TheoryData<string> Mpis => ["openmpi", "mpich"];

    [Theory]
    [MemberData(nameof(Mpis))]
    public void Two_processes_average_gradients_statistics_and_gates_as_one_does_over_their_parts(string mpi)
    {
        JsonElement seen = Seen(MpiJob.Probe(mpi, 2, "group-gradients"));
        Assert.InRange(seen.GetProperty("gradient").GetDouble(), 0, Rounding);
        Assert.InRange(seen.GetProperty("statistic").GetDouble(), 0, Rounding);
        Assert.InRange(seen.GetProperty("gate").GetDouble(), 0, Rounding);
    }

    [Theory]
    [MemberData(nameof(Mpis))]
    public void Tensors_of_a_card_are_averaged_there_or_in_the_memory_of_the_processor(string mpi)
    {
        JsonElement seen = Seen(MpiJob.Probe(mpi, 3, "group-cards"));
        Assert.InRange(seen.GetProperty("cards").GetDouble(), 0, Rounding);
        Assert.InRange(seen.GetProperty("processor").GetDouble(), 0, Rounding);
        Assert.Equal(96 + 5 + 2, seen.GetProperty("summed").GetInt64());
        Assert.True(seen.GetProperty("isSameId").GetBoolean());
        Assert.EndsWith(
            "; NCCL 2.21.5 for graphics cards",
            seen.GetProperty("description").GetString(),
            StringComparison.Ordinal
        );
        Assert.False(seen.GetProperty("lacking").GetBoolean());
    }

    [Theory]
    [MemberData(nameof(Mpis))]
    public void Three_processes_hold_the_same_bits_after_steps_whenever_gradients_are_exchanged(string mpi)
    {
        JsonElement first = Seen(MpiJob.Probe(mpi, 3, "group-steps"));
        JsonElement again = Seen(MpiJob.Probe(mpi, 3, "group-steps"));
        Assert.True(first.GetProperty("same").GetBoolean());
        Assert.Equal(first.GetProperty("digest").GetUInt64(), again.GetProperty("digest").GetUInt64());
        Assert.Equal(first.GetProperty("digest").GetUInt64(), first.GetProperty("overlapped").GetUInt64());
    }

    [Theory]
    [InlineData("openmpi", "Open MPI")]
    [InlineData("mpich", "MPICH")]
    public void The_runtime_keeps_its_signal_handlers_and_the_processors_are_divided(string mpi, string name)
    {
        JsonElement seen = Seen(MpiJob.Probe(mpi, 2, "group-null"));
        Assert.Equal(nameof(NullReferenceException), seen.GetProperty("caught").GetString());
        Assert.Contains(name, seen.GetProperty("description").GetString(), StringComparison.Ordinal);
        Assert.Equal(Math.Max(1, Environment.ProcessorCount / 2), seen.GetProperty("threads").GetInt32());
    }

    [Theory]
    [MemberData(nameof(Mpis))]
    public void A_process_that_waits_for_the_leader_sleeps(string mpi)
    {
        JsonElement seen = Seen(MpiJob.Probe(mpi, 2, "group-waits"));

        // Of the four seconds that it waits; one that spins would use all of them.
        Assert.InRange(seen.GetProperty("spent").GetInt32(), 0, 2000);
    }

    [Theory]
    [MemberData(nameof(Mpis))]
    public void A_process_that_fails_ends_those_that_wait_for_it(string mpi)
    {
        CommandLineRun run = MpiJob.Probe(mpi, 2, "group-fails");
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("process 1: the disk of this process is full", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Mpis))]
    public void A_process_that_fails_beside_an_exchange_ends_the_others(string mpi)
    {
        CommandLineRun run = MpiJob.Probe(mpi, 2, "group-breaks");
        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("process 1: the memory of this process is full", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("openmpi", "libmpich.so.12", "sees 1: they were started by another MPI")]
    [InlineData("mpich", "libmpi.so.40", "is not that of their mpirun: they were started by another MPI")]
    [InlineData("mpich", "/nowhere/libmpi.so", "its library cannot be loaded (/nowhere/libmpi.so")]
    [InlineData("mpich", "libc.so.6", "libc.so.6 has no MPI_Get_library_version: it is no MPI library")]
    public void A_library_that_cannot_be_used_is_named(string mpi, string library, string words)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/mpirun.openmpi"), "openmpi-bin is not installed");
        using var folder = new Data.TemporaryFolder();
        CommandLineRun run = CommandProcess.RunProgram(
            "env",
            folder.Root,
            new Dictionary<string, string?> { ["PROXYLESS_MPI"] = library },
            [.. MpiJob.CommandLine(mpi, 2), "describe", "--arch", "mobilenet-v2"]
        );
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Equal(2, run.ExitCode);
    }

    /// <summary>It would make a folder for each, fail where it cannot, and end the process itself.</summary>
    [Fact]
    public void Open_MPI_begins_no_job_in_processes_that_another_has_started()
    {
        Assert.SkipUnless(File.Exists("/usr/bin/mpirun.openmpi"), "openmpi-bin is not installed");
        using var folder = new Data.TemporaryFolder();
        CommandLineRun run = CommandProcess.RunProgram(
            "env",
            folder.Root,
            new Dictionary<string, string?>
            {
                ["PROXYLESS_MPI"] = "libmpi.so.40",
                ["OMPI_MCA_orte_tmpdir_base"] = folder.Add("file", []),
            },
            [.. MpiJob.CommandLine("mpich", 2), "describe", "--arch", "mobilenet-v2"]
        );
        Assert.Contains("is not that of their mpirun", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("ORTE", run.Error, StringComparison.Ordinal);
        Assert.Equal(2, run.ExitCode);
    }

    [Fact]
    public void Processes_of_different_builds_are_refused_by_their_numbers()
    {
        ProcessGroup.RequireOneBuild([7, 7, 7]);
        Assert.Contains(
            "processes 0, 2 have one, and 1 another",
            Assert.Throws<InvalidInputException>(() => ProcessGroup.RequireOneBuild([7, 8, 7])).Message,
            StringComparison.Ordinal
        );
    }

    private static JsonElement Seen(CommandLineRun run)
    {
        Assert.True(run.ExitCode == 0, run.Error);
        return JsonDocument.Parse(run.Output).RootElement;
    }
}
