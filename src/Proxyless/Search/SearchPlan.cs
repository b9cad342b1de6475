using System.Text.Json.Serialization;

namespace Proxyless.Search;

/// <summary>How many steps a search has and how far each moves the architecture parameters.</summary>
/// <param name="WeightSteps">Weight steps in all, those of the warm-up among them.</param>
/// <param name="WarmupSteps">Weight steps before the first architecture step.</param>
/// <param name="Interval">Weight steps for each architecture step.</param>
/// <param name="WeightUpdate">
/// What a weight step does; plans of older runs do not say so, and were all made of steps on a single path.
/// </param>
internal sealed record SearchPlan(
    long WeightSteps,
    long WarmupSteps,
    int Interval,
    [property: JsonConverter(typeof(JsonStringEnumConverter<WeightUpdate>))]
        WeightUpdate WeightUpdate = WeightUpdate.SinglePath
)
{
    // From even odds among 7 candidates to a probability of 0.95 takes ln(0.95 / 0.05) + ln 6 = 4.7 in logits.
    private const double DecisiveLogit = 4.7;
    private const double HighestRate = 0.3;

    /// <summary>Architecture steps in all.</summary>
    public long ArchitectureSteps => Math.Max(1, (WeightSteps - WarmupSteps) / Interval);

    /// <summary>Whether an architecture step follows a weight step.</summary>
    /// <param name="step">The weight step, from 0.</param>
    public bool HasArchitectureStep(long step) => step >= WarmupSteps && (step - WarmupSteps + 1) % Interval == 0;

    /// <summary>
    /// The rate with which consistent evidence decides a block in a third of the steps. Adam moves a logit by about the
    /// rate in a step in which it takes part; in a two-path step of N candidates that is 2 of N at the start, about
    /// half on the way.
    /// </summary>
    /// <param name="update">How gradients are made.</param>
    /// <remarks>Held under 0.3: in a search of a few steps a higher rate would let single batches decide.</remarks>
    public double ArchitectureRate(ArchitectureUpdate update) =>
        Math.Min(
            HighestRate,
            DecisiveLogit / (Math.Max(1, ArchitectureSteps / 3.0) * (update == ArchitectureUpdate.TwoPath ? 0.5 : 1))
        );
}
