namespace Proxyless.Search;

/// <summary>
/// Adam (Kingma, Ba, arXiv 1412.6980) on architecture parameters, without first moment (beta1 = 0) as published.
/// Moments and step counts are kept per candidate: a candidate that took no part in a step is not moved by it.
/// </summary>
internal sealed class ArchitectureOptimizer
{
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;
    private readonly ArchitectureParameters _parameters;
    private readonly double[][] _secondMoments;
    private readonly int[][] _steps;

    /// <summary>Creates the optimizer without history.</summary>
    public ArchitectureOptimizer(ArchitectureParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        _parameters = parameters;
        int[] candidates = [.. Enumerable.Range(0, parameters.Blocks).Select(parameters.CandidatesIn)];
        _secondMoments = [.. candidates.Select(count => new double[count])];
        _steps = [.. candidates.Select(count => new int[count])];
    }

    /// <summary>Moves all remaining candidates of a block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="gradient">dL/dalpha_j for each candidate.</param>
    /// <param name="rate">Approximate change of a logit per step.</param>
    /// <exception cref="NotFiniteNumberException">
    /// A gradient is infinite, NaN, or too large for its square; or a logit becomes so.
    /// </exception>
    public void Step(int block, ReadOnlySpan<double> gradient, double rate)
    {
        for (int j = 0; j < gradient.Length; j++)
        {
            if (_parameters.IsAlive(block, j))
            {
                _parameters.Learn(block, j, -(Direction(block, j, gradient[j]) * rate));
            }
        }
    }

    /// <summary>
    /// Moves two candidates, then shifts both so that exp(alpha_a) + exp(alpha_b) is what it was: the probabilities of
    /// the others do not move (ProxylessNAS, section 3.2.1).
    /// </summary>
    /// <exception cref="NotFiniteNumberException">As in <see cref="Step"/>.</exception>
    public void StepPair(int block, int a, int b, double gradientA, double gradientB, double rate)
    {
        ReadOnlySpan<double> logits = _parameters.Logits(block);
        double before = LogSumExp(logits[a], logits[b]);
        _parameters.Learn(block, a, -(Direction(block, a, gradientA) * rate));
        _parameters.Learn(block, b, -(Direction(block, b, gradientB) * rate));
        double offset = LogSumExp(logits[a], logits[b]) - before;
        _parameters.Learn(block, a, -offset);
        _parameters.Learn(block, b, -offset);
    }

    /// <summary>The state for a checkpoint.</summary>
    internal (double[][] SecondMoments, int[][] Steps) Save() => (_secondMoments, _steps);

    /// <summary>Restores a saved state of the same shape.</summary>
    internal void Restore(double[][] secondMoments, int[][] steps)
    {
        bool Fits<T>(T[][] blocks) =>
            blocks.Length == _steps.Length && !blocks.Where((block, i) => block.Length != _steps[i].Length).Any();
        if (!Fits(secondMoments) || !Fits(steps))
        {
            throw new InvalidInputException(
                "the checkpoint's moments of architecture parameters belong to another space"
            );
        }

        for (int i = 0; i < _steps.Length; i++)
        {
            secondMoments[i].CopyTo(_secondMoments[i], 0);
            steps[i].CopyTo(_steps[i], 0);
        }
    }

    private static double LogSumExp(double x, double y)
    {
        double highest = Math.Max(x, y);
        return highest + Math.Log(Math.Exp(x - highest) + Math.Exp(y - highest));
    }

    private double Direction(int block, int candidate, double gradient)
    {
        ref double moment = ref _secondMoments[block][candidate];
        double moved = (Beta2 * moment) + ((1 - Beta2) * gradient * gradient);
        if (!double.IsFinite(moved))
        {
            throw new NotFiniteNumberException(
                Invariant($"the gradient of candidate {candidate} of block {block} became {gradient:G3}"),
                gradient
            );
        }

        moment = moved;
        int step = ++_steps[block][candidate];
        double corrected = moment / (1 - Math.Pow(Beta2, step));
        return gradient / (Math.Sqrt(corrected) + Epsilon);
    }
}
