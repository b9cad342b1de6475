using Proxyless.Distributed;
using Xunit;

namespace Proxyless.Tests.Distributed;

public sealed class MpiLauncherTests
{
    [Theory]
    [InlineData("OMPI_COMM_WORLD_SIZE=4", 4, "libmpi.so.40")]
    [InlineData("PMI_SIZE=3 PMI_RANK=0", 3, "libmpich.so.12")]
    [InlineData("PMIX_RANK=1 SLURM_STEP_NUM_TASKS=16", 16, "libmpi.so.40")]
    [InlineData("PMI_SIZE=2 PROXYLESS_MPI=/opt/mpi/lib/libmpi.so", 2, "/opt/mpi/lib/libmpi.so")]
    public void The_environment_says_how_many_processes_there_are_and_whose(string variables, int size, string library)
    {
        MpiLauncher? launcher = Of(variables);
        Assert.Equal(size, launcher?.Size);
        Assert.Equal(library, launcher?.Libraries[0]);
    }

    [Theory]
    [InlineData("PMI_SIZE=3 MPI_LOCALNRANKS=3", true)]
    [InlineData("PMI_SIZE=3", false)]
    [InlineData("OMPI_COMM_WORLD_SIZE=3 MPI_LOCALNRANKS=3", false)]
    public void Processes_of_Hydra_are_known(string variables, bool areHydras) =>
        Assert.Equal(areHydras, Of(variables)!.IsHydra);

    [Theory]
    [InlineData("")]
    [InlineData("SLURM_STEP_NUM_TASKS=16")]
    [InlineData("OMPI_COMM_WORLD_SIZE=4 PROXYLESS_MPI=off")]
    [InlineData("PMI_SIZE=many")]
    [InlineData("OMPI_COMM_WORLD_SIZE=1")]
    [InlineData("PMIX_RANK=0 SLURM_STEP_NUM_TASKS=1")]
    public void Otherwise_a_process_works_alone(string variables) => Assert.Null(Of(variables));

    private static MpiLauncher? Of(string variables)
    {
        Dictionary<string, string> all = variables
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Select(text => text.Split('='))
            .ToDictionary(pair => pair[0], pair => pair[1]);
        return MpiLauncher.Of(name => all.GetValueOrDefault(name));
    }
}
