namespace Proxyless.Runs;

/// <summary>
/// Charges the time of a search and of what follows it: each part with all common work and with its own decision.
/// </summary>
/// <param name="store">The run of all parts.</param>
internal sealed class PartCharges(RunStore store)
{
    private double _common = store.Plan.SearchSeconds;
    private readonly Dictionary<SearchPart, double> _own = new(ReferenceEqualityComparer.Instance);
    private double _charged = store.Plan.SearchSeconds;

    /// <summary>Does work of a part. The time of a part that fails is not charged to the next one.</summary>
    /// <param name="part">The part.</param>
    /// <param name="work">The work.</param>
    public T Of<T>(SearchPart part, Func<T> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        return RunClock.Ending(store, work, () => SecondsOf(part));
    }

    /// <summary>Does work that all parts share.</summary>
    /// <param name="context">The common context of all stages.</param>
    /// <param name="work">The work.</param>
    public void OfAll(RunContext context, Action work)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(work);
        work();
        _common += Charge(context);
    }

    /// <summary>Returns the time of the common work and of a part's own until now, that at hand included.</summary>
    /// <param name="part">The part at hand.</param>
    public double SecondsOf(SearchPart part)
    {
        ArgumentNullException.ThrowIfNull(part);
        double own = _own.GetValueOrDefault(part) + Charge(part.Context);
        _own[part] = own;
        return _common + own;
    }

    /// <summary>Charges the time since the last charge, and returns it in seconds.</summary>
    private double Charge(RunContext context)
    {
        context.Clock.Charge(store, RunStage.Search);
        double seconds = store.Plan.SearchSeconds - _charged;
        _charged = store.Plan.SearchSeconds;
        return seconds;
    }
}
