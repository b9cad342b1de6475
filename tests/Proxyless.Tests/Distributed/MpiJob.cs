using System.Globalization;
using Proxyless.Tests.Cli;
using Proxyless.Tests.HostProcess;
using Xunit;

namespace Proxyless.Tests.Distributed;

/// <summary>Processes that one of Debian's two MPIs starts.</summary>
internal static class MpiJob
{
    // An mpirun that ends removes the folder that all of a user share while another makes its own in it.
    private static readonly Lazy<string> OwnFolder = new(() =>
    {
        string folder = Directory.CreateTempSubdirectory("mpi-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(folder, recursive: true);
        return folder;
    });

    /// <summary>Runs the command in several processes, to its end.</summary>
    /// <param name="mpi"><c>openmpi</c> or <c>mpich</c>.</param>
    /// <param name="processes">How many.</param>
    /// <param name="folder">The working folder.</param>
    /// <param name="arguments">The words after the command's name.</param>
    public static CommandLineRun Run(string mpi, int processes, string folder, params IEnumerable<string> arguments)
    {
        using CommandLineProcess process = Start(mpi, processes, folder, arguments);
        return process.Wait();
    }

    /// <summary>Starts the command in several processes.</summary>
    /// <inheritdoc cref="Run"/>
    public static CommandLineProcess Start(
        string mpi,
        int processes,
        string folder,
        params IEnumerable<string> arguments
    ) => CommandLineProcess.StartProgram("env", folder, [.. CommandLine(mpi, processes), .. arguments]);

    /// <summary>The words that start the command in several processes.</summary>
    public static IEnumerable<string> CommandLine(string mpi, int processes) =>
        [Launcher(mpi), .. Words(mpi, processes), CommandLineProcess.Program];

    /// <summary>Runs a case of Proxyless.HostProbe in several processes.</summary>
    /// <param name="mpi"><c>openmpi</c> or <c>mpich</c>.</param>
    /// <param name="processes">How many.</param>
    /// <param name="what">The case.</param>
    /// <param name="library">The value of <c>PROXYLESS_MPI</c>, or null.</param>
    public static CommandLineRun Probe(string mpi, int processes, string what, string? library = null) =>
        CommandProcess.RunProgram(
            Launcher(mpi),
            AppContext.BaseDirectory,
            new Dictionary<string, string?> { ["PROXYLESS_MPI"] = library, ["TERM"] = "dumb" },
            [.. Words(mpi, processes), .. HostProbeProgram.Words(what)]
        );

    /// <summary>The number of the process of a rank.</summary>
    /// <param name="parent">The mpirun.</param>
    /// <param name="rank">The rank.</param>
    public static int ProcessOf(CommandLineProcess parent, int rank)
    {
        string[] marks = [$"OMPI_COMM_WORLD_RANK={rank}", $"PMI_RANK={rank}"];
        return Descendants(parent.Id).Single(id => Read($"/proc/{id}/environ").Split('\0').Any(marks.Contains));
    }

    private static IEnumerable<int> Descendants(int parent)
    {
        int[] children =
        [
            .. Read($"/proc/{parent}/task/{parent}/children")
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)
                .Select(id => int.Parse(id, CultureInfo.InvariantCulture)),
        ];
        return children.Concat(children.SelectMany(Descendants));
    }

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            // The process has ended.
            return "";
        }
    }

    private static string Launcher(string mpi)
    {
        string launcher = $"/usr/bin/mpirun.{mpi}";
        Assert.SkipUnless(
            File.Exists(launcher),
            $"{launcher} is not installed (Debian: apt-get install {(mpi == "openmpi" ? "openmpi-bin" : mpi)})"
        );
        return launcher;
    }

    private static IEnumerable<string> Words(string mpi, int processes) =>
        [.. OwnWords(mpi), "-n", processes.ToString(CultureInfo.InvariantCulture)];

    // As root, in a container, and where there are fewer processors than processes.
    private static string[] OwnWords(string mpi) =>
        mpi == "openmpi"
            ?
            [
                "--allow-run-as-root",
                "--oversubscribe",
                "--bind-to",
                "none",
                "--mca",
                "orte_tmpdir_base",
                OwnFolder.Value,
            ]
            : [];
}
