using Proxyless.Measurement;

namespace Proxyless.Latency;

/// <summary>
/// What a profile spends. Tuned on <c>imagenet-mobile</c> (networks of 6 to 18 ms) on two cores that other work shares.
/// </summary>
/// <param name="Rounds">
/// How often each candidate is met, each time among other neighbours; the middle of the rounds counts.
/// </param>
/// <param name="MinRuns">Runs of one network in any case.</param>
/// <param name="MaxRuns">Runs of one network that are never exceeded.</param>
/// <param name="TimePerNetwork">
/// Time after which a network is run no further, once it has had its <paramref name="MinRuns"/>.
/// </param>
/// <param name="CalibrationNetworks">Whole networks that scale and offset are fitted on.</param>
/// <param name="CheckNetworks">Other whole networks that the error is reported on.</param>
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
    /// <summary>The plan of a mode.</summary>
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
