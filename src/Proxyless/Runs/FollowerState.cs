using Proxyless.Data;
using Proxyless.Networks;
using Proxyless.Training;

namespace Proxyless.Runs;

/// <summary>What a process that does not lead keeps between two works.</summary>
/// <param name="checkpoint">Where the checkpoint goes that the leader sends with a work, if it does.</param>
internal sealed class FollowerState(string checkpoint) : IDisposable
{
    private readonly Dictionary<string, Trial> _trials = [];
    private SuperNetwork? _network;
    private PathScorer? _scorer;

    /// <summary>Where the checkpoint is that the work goes on from, if there is one.</summary>
    public string Checkpoint { get; } = checkpoint;

    /// <summary>Scores with the weights of the decision at hand.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    public PathScorer Scorer => _scorer ?? throw new InvalidOperationException("no decision has begun");

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

    /// <summary>Returns the training of a finalist of the decision.</summary>
    /// <param name="context">Images and options of training.</param>
    /// <param name="choice">The finalist.</param>
    /// <param name="parallel">The processes that share its steps.</param>
    public Trial TrialOf(RunContext context, IReadOnlyList<int> choice, DataParallel parallel)
    {
        string key = string.Join('-', choice);
        if (!_trials.TryGetValue(key, out Trial? trial))
        {
            trial = FinalRound.TrialOf(context, Scorer, choice, parallel);
            _trials.Add(key, trial);
        }

        return trial;
    }

    /// <summary>Gives up the trainings of finalists: the next round begins them anew.</summary>
    public void EndTrials()
    {
        foreach (Trial trial in _trials.Values)
        {
            trial.Network.Dispose();
            trial.Dispose();
        }

        _trials.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => EndDecision();

    /// <summary>Gives up the weights and images of a decision.</summary>
    public void EndDecision()
    {
        EndTrials();
        _scorer?.Dispose();
        _network?.Dispose();
        (_scorer, _network) = (null, null);
    }
}
