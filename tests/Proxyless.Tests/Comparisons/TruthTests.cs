using System.Globalization;
using Proxyless.Architectures;
using Proxyless.Latency;
using Xunit;

namespace Proxyless.Tests.Comparisons;

/// <summary>The table of trained networks that searches are judged by (docs/results/truth.md).</summary>
public sealed class TruthTests
{
    private static readonly double[] Limits = [0.0715, 0.091, 0.103, 0.125];

    [Fact]
    public void Its_latencies_are_those_of_its_latency_table_and_each_band_is_under_its_limit()
    {
        SearchSpace space = SearchSpaceFile.Open(Path.Combine(Repository.Root, "configs/spaces/cifar16-search.yaml"));
        SpaceCost cost = LatencyTableFile.Read(Path.Combine(Folder, "latency.json")).ToSpaceCost(space, 10);
        string[][] rows =
        [
            .. File.ReadLines(Path.Combine(Folder, "networks.csv")).Skip(1).Select(line => line.Split(',')),
        ];
        Assert.Equal(Limits.Length * 30, rows.Length);
        Assert.Equal(rows.Length, rows.Select(row => row[2]).Distinct().Count());
        foreach (string[] row in rows)
        {
            double limit = Limits[int.Parse(row[0], CultureInfo.InvariantCulture) - 1];
            int[] choice = [.. row[2].Split(' ').Select(number => int.Parse(number, CultureInfo.InvariantCulture))];
            double latency = double.Parse(row[3], CultureInfo.InvariantCulture);
            Assert.Equal(cost.Of(choice), latency, 1e-6);
            Assert.InRange(latency, 0.9 * limit, limit);
            Assert.InRange(double.Parse(row[4], CultureInfo.InvariantCulture), 0.5, 0.8);
        }
    }

    private static string Folder => Path.Combine(Repository.Root, "docs", "results", "truth");
}
