using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// The effort of a profile. Tuned on <c>imagenet-mobile</c> (networks of 6 to 18 ms) on two cores with other work.
/// </summary>
/// <param name="Rounds">
/// How often each candidate is measured, each time with different neighbors; the median of the rounds counts.
/// </param>
/// <param name="MinRuns">Minimum number of runs of one network.</param>
/// <param name="MaxRuns">Maximum number of runs of one network.</param>
/// <param name="TimePerNetwork">
/// Time after which a network is no longer run, once it has had its <paramref name="MinRuns"/>.
/// </param>
/// <param name="CalibrationNetworks">Number of whole networks that scale and offset are fitted on.</param>
/// <param name="CheckNetworks">Number of other whole networks that the error is measured on.</param>
/// <param name="NetworkTiming">How long each whole network is timed.</param>
internal sealed record ProfilePlan(
    int Rounds,
    int MinRuns,
    int MaxRuns,
    TimeSpan TimePerNetwork,
    int CalibrationNetworks,
    int CheckNetworks,
    TimingOptions NetworkTiming
)
{
    /// <summary>Returns the plan of a mode.</summary>
    public static ProfilePlan Of(ProfileMode mode) =>
        mode switch
        {
            ProfileMode.Quick => new ProfilePlan(
                Rounds: 3,
                MinRuns: 5,
                MaxRuns: 1000,
                TimeSpan.FromSeconds(0.12),
                CalibrationNetworks: 5,
                CheckNetworks: 5,
                new TimingOptions
                {
                    MinRuns = 10,
                    MaxRuns = 100,
                    MaxTime = TimeSpan.FromSeconds(0.2),
                    Uncertainty = 0,
                }
            ),
            _ => new ProfilePlan(
                Rounds: 7,
                MinRuns: 10,
                MaxRuns: 4000,
                TimeSpan.FromSeconds(0.4),
                CalibrationNetworks: 9,
                CheckNetworks: 20,
                new TimingOptions
                {
                    MinRuns = 20,
                    MaxRuns = 500,
                    MaxTime = TimeSpan.FromSeconds(1),
                    Uncertainty = 0,
                }
            ),
        };
}
