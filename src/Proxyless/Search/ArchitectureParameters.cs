using Proxyless.Architectures;

namespace Proxyless.Search;

/// <summary>
/// The architecture parameters: a logit alpha_ij for each candidate j of each block i, p_i = softmax(alpha_i) over the
/// remaining candidates. Plain numbers, not tensors: there are a few hundred.
/// </summary>
internal sealed class ArchitectureParameters
{
    /// <summary>
    /// The weight of a remaining candidate beside 1, the weight of the most probable one of its block, is at least
    /// this: a probability of 0 means that a candidate was removed.
    /// </summary>
    internal const double LeastWeight = 1e-300;

    private readonly double[][] _logits;
    private readonly double[][] _costLogits;
    private readonly bool[][] _alive;

    /// <summary>Creates uniform probabilities.</summary>
    /// <param name="candidates">Number of candidates of each block.</param>
    public ArchitectureParameters(IEnumerable<int> candidates)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        _logits = [.. candidates.Select(count => new double[count])];
        _costLogits = [.. _logits.Select(block => new double[block.Length])];
        _alive = [.. _logits.Select(block => Enumerable.Repeat(true, block.Length).ToArray())];
    }

    /// <summary>Creates uniform probabilities among the existing candidates.</summary>
    /// <param name="isThere">Whether candidate j of block i exists, at [i][j]; at least one per block does.</param>
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
    /// Mean entropy of the blocks' probabilities over the entropy of uniform probabilities of all candidates, 0..1; 0
    /// if no block has a choice.
    /// </summary>
    public double RelativeEntropy
    {
        get
        {
            double even = _logits.Average(block => Math.Log(block.Length));
            return even > 0 ? Math.Max(0, EntropyOf(Probabilities()) / even) : 0;
        }
    }

    /// <summary>Returns the number of candidates of a block, including pruned ones.</summary>
    public int CandidatesIn(int block) => _logits[block].Length;

    /// <summary>Returns alpha_ij of block i at [j]; those of pruned candidates have no meaning.</summary>
    public ReadOnlySpan<double> Logits(int block) => _logits[block];

    /// <summary>
    /// Returns the part of alpha_ij that the limits alone account for (<see cref="LimitProjection"/>), at [j] of block
    /// i; steps have learned the rest.
    /// </summary>
    public ReadOnlySpan<double> CostLogits(int block) => _costLogits[block];

    /// <summary>Moves alpha_ij by what a step has learned; the part that the limits account for stays.</summary>
    /// <param name="block">i.</param>
    /// <param name="candidate">j, a remaining candidate.</param>
    /// <param name="change">The change.</param>
    /// <exception cref="NotFiniteNumberException">alpha_ij would be infinite or NaN; it stays unchanged.</exception>
    public void Learn(int block, int candidate, double change) =>
        _logits[block][candidate] = RequireFinite(_logits[block][candidate] + change, block, candidate);

    /// <summary>Moves every alpha_ij according to the candidate's cost.</summary>
    /// <param name="shifts">The changes, at [i][j].</param>
    /// <exception cref="NotFiniteNumberException">
    /// alpha_ij of a remaining candidate would be infinite or NaN.
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

    /// <summary>Whether a candidate remains.</summary>
    public bool IsAlive(int block, int candidate) => _alive[block][candidate];

    /// <summary>The remaining candidates of a block, in order.</summary>
    public int[] AliveIn(int block) =>
        [.. Enumerable.Range(0, _alive[block].Length).Where(candidate => _alive[block][candidate])];

    /// <summary>The highest cost of a network of the remaining candidates.</summary>
    /// <param name="cost">The cost.</param>
    /// <param name="without">A candidate that counts as removed, not the last of its block.</param>
    internal double Largest(SpaceCost cost, (int Block, int Candidate)? without = null) =>
        cost.Fixed
        + cost.Candidates.Select((block, i) => block.Where((_, j) => _alive[i][j] && (i, j) != without).Max()).Sum();

    /// <summary>The lowest cost of a network of the remaining candidates.</summary>
    /// <param name="cost">The cost.</param>
    internal double Smallest(SpaceCost cost) =>
        cost.Fixed + cost.Candidates.Select((block, i) => block.Where((_, j) => _alive[i][j]).Min()).Sum();

    /// <summary>Removes a candidate; the probabilities of the others are renormalized.</summary>
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

    /// <summary>p_i of one block; 0 for pruned candidates alone.</summary>
    public double[] Probabilities(int block) => Softmax(_logits[block], _alive[block]);

    /// <summary>p_i of one block for changed logits; 0 for pruned candidates alone.</summary>
    /// <param name="block">The block.</param>
    /// <param name="shifts">Added to the logits.</param>
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
            p[j] = alive[j] ? Math.Max(Math.Exp(logits[j] - highest), LeastWeight) : 0;
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

    /// <summary>Draws a path, with each block's candidate by its probability.</summary>
    public int[] Sample(Random random) => [.. Probabilities().Select(p => Draw(p, random))];

    /// <summary>Draws a path, with all remaining candidates of a block equally probable.</summary>
    public int[] SampleUniformly(Random random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return
        [
            .. Enumerable.Range(0, Blocks).Select(i => AliveIn(i)).Select(alive => alive[random.Next(alive.Length)]),
        ];
    }

    /// <summary>
    /// Draws two different candidates of a block, the second from those that remain without the first: P{a, b} = p_a
    /// p_b (1 / (1 - p_a) + 1 / (1 - p_b)).
    /// </summary>
    /// <exception cref="InvalidOperationException">The block has fewer than two candidates.</exception>
    public (int First, int Second) SamplePair(int block, Random random)
    {
        if (AliveIn(block).Length < 2)
        {
            throw new InvalidOperationException($"block {block} has one candidate left");
        }

        double[] p = Probabilities(block);
        int first = Draw(p, random);
        p[first] = 0;
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
    /// Returns the state for a checkpoint: copies of alpha_ij, null where a candidate was pruned, and of the limits'
    /// part of them.
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
    /// <param name="state">The logits that <see cref="Save"/> returned.</param>
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

    /// <summary>Computes the mean entropy of the blocks' probabilities in nats; NaN if a probability is NaN.</summary>
    /// <param name="probabilities">p_ij at [i][j].</param>
    internal static double EntropyOf(IReadOnlyList<double[]> probabilities) =>
        probabilities.Average(p => -p.Where(value => value != 0).Sum(value => value * Math.Log(value)));

    private static double RequireFinite(double logit, int block, int candidate) =>
        FiniteNumber.Require(logit, () => Invariant($"the logit of candidate {candidate} of block {block}"));
}
