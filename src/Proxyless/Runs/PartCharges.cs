namespace Proxyless.Runs;

/// <summary>
/// Charges the time of a search and of what follows it: each part with the common search and with its own decision.
/// </summary>
/// <param name="store">The run of all parts.</param>
internal sealed class PartCharges(RunStore store)
{
    private readonly double _common = store.Plan.SearchSeconds;
    private readonly Dictionary<SearchPart, double> _own = new(ReferenceEqualityComparer.Instance);
    private double _charged = store.Plan.SearchSeconds;

    /// <summary>Does work of a part. The time of a part that fails is not charged to the next one.</summary>
    /// <param name="part">The part.</param>
    /// <param name="work">The work.</param>
    public T Of<T>(SearchPart part, Func<T> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        try
        {
            return work();
        }
        finally
        {
            SecondsOf(part);
        }
    }

    /// <summary>Returns the time of the common search and of a part's work until now, that at hand included.</summary>
    /// <param name="part">The part at hand.</param>
    public double SecondsOf(SearchPart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        part.Context.Clock.Charge(store, RunStage.Search);
        double own = _own.GetValueOrDefault(part) + store.Plan.SearchSeconds - _charged;
        _own[part] = own;
        _charged = store.Plan.SearchSeconds;
        return _common + own;
    }
}
