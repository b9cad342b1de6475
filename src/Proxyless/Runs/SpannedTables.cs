using Proxyless.Latency;

namespace Proxyless.Runs;

/// <summary>
/// The latency tables of the spaces that a pretrained network spans on a target, which are the same for every limit.
/// </summary>
/// <param name="target">The target; not disposed of.</param>
internal sealed class SpannedTables(ITarget target)
{
    private readonly Dictionary<(int Resolution, int Blocks), LatencyTable> _tables = [];

    /// <summary>The target.</summary>
    public ITarget Target => target;

    /// <summary>The table of a space, from the cache or measured on first use.</summary>
    /// <param name="context">The images and the space.</param>
    /// <param name="blocks">
    /// Number of blocks of the network; one more than there are: all of them, and the last convolution.
    /// </param>
    public LatencyTable Of(RunContext context, int blocks)
    {
        ArgumentNullException.ThrowIfNull(context);
        (int, int) key = (context.Space.Resolution, blocks);
        if (!_tables.TryGetValue(key, out LatencyTable? table))
        {
            table = SearchGoal.TableOf(context, target, null);
            _tables.Add(key, table);
        }

        return table;
    }
}
