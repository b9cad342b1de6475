using Proxyless.Architectures;

namespace Proxyless.Search;

/// <summary>
/// The architecture parameters: a logit alpha_ij for each candidate j of each block i, p_i = softmax(alpha_i) over the
/// candidates that are left. Plain numbers, no tensors: there are a few hundred.
/// </summary>
internal sealed class ArchitectureParameters
{
    private readonly double[][] _logits;
    private readonly double[][] _costLogits;
    private readonly bool[][] _alive;

    /// <summary>Even odds everywhere.</summary>
    /// <param name="candidates">Number of candidates of each block.</param>
    public ArchitectureParameters(IEnumerable<int> candidates)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        _logits = [.. candidates.Select(count => new double[count])];
        _costLogits = [.. _logits.Select(block => new double[block.Length])];
        _alive = [.. _logits.Select(block => Enumerable.Repeat(true, block.Length).ToArray())];
    }

    /// <summary>Even odds among the candidates that are there.</summary>
    /// <param name="isThere">Whether candidate j of block i is, at [i][j]; one of each block is.</param>
    public static ArchitectureParameters Over(IReadOnlyList<bool[]> isThere)
    {
        ArgumentNullException.ThrowIfNull(isThere);
        var even = new ArchitectureParameters(isThere.Select(block => block.Length));
        for (int i = 0; i < isThere.Count; i++)
        {
            foreach (int j in Enumerable.Range(0, isThere[i].Length).Where(j => !isThere[i][j]))
            {
                even.Prune(i, j);
            }
        }

        return even;
    }

    /// <summary>Number of blocks.</summary>
    public int Blocks => _logits.Length;

    /// <summary>
    /// Mean entropy of the blocks' probabilities over the entropy of even odds among all candidates, 0..1; 0 where no
    /// block has a choice.
    /// </summary>
    public double RelativeEntropy
    {
        get
        {
            double even = _logits.Average(block => Math.Log(block.Length));
            return even > 0 ? Math.Max(0, EntropyOf(Probabilities()) / even) : 0;
        }
    }

    /// <summary>How many candidates a block has, pruned ones among them.</summary>
    public int CandidatesIn(int block) => _logits[block].Length;

    /// <summary>alpha_ij of block i at [j]; those of pruned candidates have no meaning.</summary>
    public ReadOnlySpan<double> Logits(int block) => _logits[block];

    /// <summary>
    /// What of alpha_ij the limits alone account for (<see cref="LimitProjection"/>), at [j] of block i; the rest is
    /// what steps have taught.
    /// </summary>
    public ReadOnlySpan<double> CostLogits(int block) => _costLogits[block];

    /// <summary>Moves alpha_ij by what a step has taught; the part that the limits account for stays.</summary>
    /// <param name="block">i.</param>
    /// <param name="candidate">j, which is left.</param>
    /// <param name="change">By how much.</param>
    /// <exception cref="NotFiniteNumberException">
    /// alpha_ij would be infinite or no number; it stays as it was.
    /// </exception>
    public void Learn(int block, int candidate, double change) =>
        _logits[block][candidate] = RequireFinite(_logits[block][candidate] + change, block, candidate);

    /// <summary>Moves every alpha_ij for what the candidate costs.</summary>
    /// <param name="shifts">By how much, at [i][j].</param>
    /// <exception cref="NotFiniteNumberException">
    /// alpha_ij of a candidate that is left would be infinite or no number.
    /// </exception>
    public void ShiftForCosts(IReadOnlyList<double[]> shifts)
    {
        ArgumentNullException.ThrowIfNull(shifts);
        for (int i = 0; i < _logits.Length; i++)
        {
            for (int j = 0; j < _logits[i].Length; j++)
            {
                double shifted = _logits[i][j] + shifts[i][j];
                _logits[i][j] = _alive[i][j] ? RequireFinite(shifted, i, j) : shifted;
                _costLogits[i][j] += shifts[i][j];
            }
        }
    }

    /// <summary>Whether a candidate is left.</summary>
    public bool IsAlive(int block, int candidate) => _alive[block][candidate];

    /// <summary>The candidates of a block that are left, in order.</summary>
    public int[] AliveIn(int block) =>
        [.. Enumerable.Range(0, _alive[block].Length).Where(candidate => _alive[block][candidate])];

    /// <summary>The most that a network of the candidates that are left costs.</summary>
    /// <param name="cost">The cost.</param>
    /// <param name="without">A candidate that counts as gone, not the last of its block.</param>
    internal double Largest(SpaceCost cost, (int Block, int Candidate)? without = null) =>
        cost.Fixed
        + cost.Candidates.Select((block, i) => block.Where((_, j) => _alive[i][j] && (i, j) != without).Max()).Sum();

    /// <summary>The least that a network of the candidates that are left costs.</summary>
    /// <param name="cost">The cost.</param>
    internal double Smallest(SpaceCost cost) =>
        cost.Fixed + cost.Candidates.Select((block, i) => block.Where((_, j) => _alive[i][j]).Min()).Sum();

    /// <summary>Removes a candidate; the probabilities of the others are renormalised.</summary>
    /// <exception cref="InvalidOperationException">It is the last one of its block.</exception>
    public void Prune(int block, int candidate)
    {
        _alive[block][candidate] = false;
        if (!_alive[block].Contains(true))
        {
            _alive[block][candidate] = true;
            throw new InvalidOperationException($"candidate {candidate} is the last of block {block}");
        }
    }

    /// <summary>p_i of one block; 0 for pruned candidates.</summary>
    public double[] Probabilities(int block) => Softmax(_logits[block], _alive[block]);

    /// <summary>p_i of one block as it would be with other logits; 0 for pruned candidates.</summary>
    /// <param name="block">The block.</param>
    /// <param name="shifts">What would be added to the logits.</param>
    internal double[] Probabilities(int block, double[] shifts) =>
        Softmax([.. _logits[block].Zip(shifts, (logit, shift) => logit + shift)], _alive[block]);

    private static double[] Softmax(double[] logits, bool[] alive)
    {
        double highest = double.NegativeInfinity;
        for (int j = 0; j < logits.Length; j++)
        {
            highest = alive[j] ? Math.Max(highest, logits[j]) : highest;
        }

        var p = new double[logits.Length];
        double sum = 0;
        for (int j = 0; j < logits.Length; j++)
        {
            p[j] = alive[j] ? Math.Exp(logits[j] - highest) : 0;
            sum += p[j];
        }

        for (int j = 0; j < p.Length; j++)
        {
            p[j] /= sum;
        }

        return p;
    }

    /// <summary>p_ij at [i][j].</summary>
    public double[][] Probabilities() => [.. Enumerable.Range(0, Blocks).Select(Probabilities)];

    /// <summary>Draws a path, each block's candidate by its probability.</summary>
    public int[] Sample(Random random) => [.. Probabilities().Select(p => Draw(p, random))];

    /// <summary>Draws a path, every candidate that is left being as likely as the others of its block.</summary>
    public int[] SampleUniformly(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return
        [
            .. Enumerable.Range(0, Blocks).Select(i => AliveIn(i)).Select(alive => alive[random.Next(alive.Length)]),
        ];
    }

    /// <summary>
    /// Draws two different candidates of a block, the second from what the first left: P{a, b} =
    /// p_a p_b (1 / (1 - p_a) + 1 / (1 - p_b)).
    /// </summary>
    /// <exception cref="InvalidOperationException">The block has fewer than two candidates left.</exception>
    public (int First, int Second) SamplePair(int block, Random random)
    {
        int[] alive = AliveIn(block);
        if (alive.Length < 2)
        {
            throw new InvalidOperationException($"block {block} has one candidate left");
        }

        double[] p = Probabilities(block);
        int first = Draw(p, random);
        p[first] = 0;

        // Where the first has all of the probability the others are alike.
        if (p.Sum() <= 0)
        {
            foreach (int j in alive.Where(j => j != first))
            {
                p[j] = 1;
            }
        }

        return (first, Draw(p, random));
    }

    /// <summary>Draws an index by weights that need not sum to 1.</summary>
    internal static int Draw(double[] weights, Random random)
    {
        double threshold = random.NextDouble() * weights.Sum();
        int last = 0;
        for (int j = 0; j < weights.Length; j++)
        {
            if (weights[j] <= 0)
            {
                continue;
            }

            last = j;
            threshold -= weights[j];
            if (threshold < 0)
            {
                break;
            }
        }

        return last;
    }

    /// <summary>
    /// The state for a checkpoint: copies of alpha_ij, null where a candidate was pruned, and of the limits' part of
    /// them.
    /// </summary>
    internal (double?[][] Logits, double[][] CostLogits) Save() =>
        (
            [
                .. _logits.Select(
                    (block, i) => block.Select((logit, j) => _alive[i][j] ? logit : (double?)null).ToArray()
                ),
            ],
            [.. _costLogits.Select(block => block.ToArray())]
        );

    /// <summary>Restores a saved state of the same shape.</summary>
    /// <param name="state">The logits that <see cref="Save"/> gave.</param>
    /// <param name="costLogits">The limits' part of them.</param>
    internal void Restore(double?[][] state, double[][] costLogits)
    {
        bool Fits<T>(T[][] blocks) =>
            blocks.Length == Blocks && !blocks.Where((block, i) => block.Length != _logits[i].Length).Any();
        if (!Fits(state) || !Fits(costLogits))
        {
            throw new InvalidInputException("the checkpoint's architecture parameters belong to another space");
        }

        for (int i = 0; i < state.Length; i++)
        {
            for (int j = 0; j < state[i].Length; j++)
            {
                _alive[i][j] = state[i][j].HasValue;
                _logits[i][j] = state[i][j] ?? 0;
                _costLogits[i][j] = costLogits[i][j];
            }
        }
    }

    /// <summary>Mean entropy of the blocks' probabilities in nats; no number where a probability is none.</summary>
    /// <param name="probabilities">p_ij at [i][j].</param>
    internal static double EntropyOf(IReadOnlyList<double[]> probabilities) =>
        probabilities.Average(p => -p.Where(value => value != 0).Sum(value => value * Math.Log(value)));

    private static double RequireFinite(double logit, int block, int candidate) =>
        FiniteNumber.Require(logit, () => Invariant($"the logit of candidate {candidate} of block {block}"));
}
