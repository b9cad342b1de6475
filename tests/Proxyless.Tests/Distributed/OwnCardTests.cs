using Proxyless.Distributed;
using Xunit;

namespace Proxyless.Tests.Distributed;

/// <summary>Which graphics card each process of a machine sees.</summary>
public sealed class OwnCardTests
{
    [Theory]
    [InlineData("OMPI_COMM_WORLD_LOCAL_RANK=2", "2")]
    [InlineData("MPI_LOCALRANKID=1", "1")]
    [InlineData("SLURM_LOCALID=3", "3")]
    [InlineData("SLURM_LOCALID=1 CUDA_VISIBLE_DEVICES=4,6", "6")]
    [InlineData("SLURM_LOCALID=1 CUDA_VISIBLE_DEVICES=GPU-8932f937,GPU-3f21", "GPU-3f21")]
    [InlineData("SLURM_LOCALID=1 CUDA_VISIBLE_DEVICES=5", null)]
    [InlineData("OMPI_COMM_WORLD_LOCAL_RANK=0 CUDA_VISIBLE_DEVICES=", "")]
    [InlineData("OMPI_COMM_WORLD_LOCAL_RANK=first", null)]
    [InlineData("PMI_RANK=3", null)]
    public void It_is_the_one_with_the_number_of_the_process(string environment, string? card)
    {
        ArgumentNullException.ThrowIfNull(environment);
        var variables = environment.Split(' ').Select(one => one.Split('=')).ToDictionary(one => one[0], one => one[1]);
        Assert.Equal(card, OwnCard.Of(variables.GetValueOrDefault));
    }
}
