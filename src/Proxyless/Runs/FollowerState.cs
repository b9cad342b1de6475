using System.Runtime.ExceptionServices;
using Proxyless.Data;
using Proxyless.Networks;

namespace Proxyless.Runs;

/// <summary>What a process that does not lead keeps between two works.</summary>
/// <param name="checkpoint">Where the checkpoint goes that the leader sends with a work, if it does.</param>
internal sealed class FollowerState(string checkpoint) : IDisposable
{
    private SuperNetwork? _network;
    private PathScorer? _scorer;
    private FinalTrials? _trials;

    /// <summary>Where the checkpoint is that the work goes on from, if there is one.</summary>
    public string Checkpoint { get; } = checkpoint;

    /// <summary>
    /// What has failed at the end of the work before, without harm to the leader; null if nothing has. Work that needs
    /// what it was to prepare fails with it.
    /// </summary>
    public ExceptionDispatchInfo? Failure { get; set; }

    /// <summary>Scores with the weights of the decision at hand.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public PathScorer Scorer => _scorer ?? throw Missing("no decision has begun");

    /// <summary>The trainings of the final round at hand.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public FinalTrials Trials => _trials ?? throw Missing("no final round has begun");

    /// <summary>Begins a decision.</summary>
    /// <param name="context">The images of the search.</param>
    /// <param name="network">Its weights; owned from now on.</param>
    /// <param name="part">This process's share of the scores.</param>
    public void BeginDecision(RunContext context, SuperNetwork network, BatchPart part)
    {
        EndDecision();
        _network = network;
        _scorer = PathScorer.Follow(context, network, part);
    }

    /// <summary>Begins a final round of the decision at hand.</summary>
    /// <param name="context">Images and options of training.</param>
    /// <param name="searchRate">The peak learning rate of the search.</param>
    public FinalTrials BeginRound(RunContext context, double searchRate)
    {
        _trials?.Dispose();
        return _trials = new FinalTrials(context, Scorer, searchRate);
    }

    /// <inheritdoc/>
    public void Dispose() => EndDecision();

    /// <summary>Gives up the weights and images of a decision.</summary>
    public void EndDecision()
    {
        _trials?.Dispose();
        _scorer?.Dispose();
        _network?.Dispose();
        (_trials, _scorer, _network) = (null, null, null);
    }

    private InvalidOperationException Missing(string what)
    {
        Failure?.Throw();
        return new InvalidOperationException(what);
    }
}
