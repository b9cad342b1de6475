namespace Proxyless.Training;

/// <summary>
/// Learning rate over a number of steps: a linear rise, then half a cosine down to zero (Loshchilov, Hutter, arXiv
/// 1608.03983, without restarts).
/// </summary>
/// <param name="Peak">The highest rate.</param>
/// <param name="Steps">Total number of steps.</param>
/// <param name="WarmupSteps">Steps of the rise.</param>
internal sealed record CosineSchedule(double Peak, long Steps, long WarmupSteps)
{
    /// <summary>The rate of a step.</summary>
    /// <param name="step">From 0.</param>
    public double At(long step)
    {
        if (step < WarmupSteps)
        {
            return Peak * (step + 1) / WarmupSteps;
        }

        double share = (double)(step - WarmupSteps) / Math.Max(1, Steps - WarmupSteps);
        return 0.5 * Peak * (1 + Math.Cos(Math.PI * Math.Min(1, share)));
    }
}
