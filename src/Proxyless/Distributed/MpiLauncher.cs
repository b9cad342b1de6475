using System.Globalization;
using Proxyless.Measurement;

namespace Proxyless.Distributed;

/// <summary>What the environment says of the MPI that started this process.</summary>
/// <param name="Size">The number of processes that were started, at least 2.</param>
/// <param name="Libraries">The libraries that it may be, the most likely first.</param>
/// <param name="IsHydra">
/// Whether it was Hydra, the mpirun of MPICH, Intel MPI and MVAPICH, whose processes Open MPI does not join.
/// </param>
internal sealed record MpiLauncher(int Size, IReadOnlyList<string> Libraries, bool IsHydra = false)
{
    /// <summary>Names the MPI library, or turns MPI off.</summary>
    public const string LibraryVariable = OwnProgram.MpiVariable;

    /// <summary>The value of <see cref="LibraryVariable"/> with which a process works alone.</summary>
    public const string Off = OwnProgram.Alone;

    private static readonly string[] OpenMpi = ["libmpi.so.40", "libmpi.so.80"];
    private static readonly string[] Mpich = ["libmpich.so.12", "libmpi.so.12"];
    private static readonly string[] Standard = ["libmpi_abi.so.0"];

    private const string PmiSize = "PMI_SIZE";

    // Slurm, which sets PMI_SIZE too, has no such variable.
    private const string HydraLocalSize = "MPI_LOCALNRANKS";

    // mpirun of Open MPI; mpirun of MPICH, Intel MPI and MVAPICH, and srun --mpi=pmi2.
    private static readonly (string Variable, string[] Libraries)[] Launchers =
    [
        ("OMPI_COMM_WORLD_SIZE", [.. OpenMpi, .. Standard, .. Mpich]),
        (PmiSize, [.. Mpich, .. Standard, .. OpenMpi]),
    ];

    // srun --mpi=pmix tells the rank alone in a variable of PMIx, and the size in one of its own.
    private const string PmixRank = "PMIX_RANK";
    private const string SlurmTasks = "SLURM_STEP_NUM_TASKS";

    /// <summary>What the environment says; null for a process that works alone.</summary>
    public static MpiLauncher? Here => Of(Environment.GetEnvironmentVariable);

    /// <summary>Reads the environment.</summary>
    /// <param name="variable">Returns the value of a variable, or null.</param>
    /// <returns>Null for a process that was not started by an MPI, or is to work alone.</returns>
    public static MpiLauncher? Of(Func<string, string?> variable)
    {
        ArgumentNullException.ThrowIfNull(variable);
        string? named = variable(LibraryVariable);
        if (named == Off)
        {
            return null;
        }

        foreach ((string name, string[] libraries) in Launchers)
        {
            if (Several(variable(name)) is { } size)
            {
                bool isHydra = name == PmiSize && variable(HydraLocalSize) is not null;
                return new MpiLauncher(size, named is null ? libraries : [named], isHydra);
            }
        }

        return variable(PmixRank) is not null && Several(variable(SlurmTasks)) is { } tasks
            ? new MpiLauncher(tasks, named is null ? [.. OpenMpi, .. Standard, .. Mpich] : [named])
            : null;
    }

    /// <summary>A number of processes; null if there is only one.</summary>
    private static int? Several(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number > 1
            ? number
            : null;
}
