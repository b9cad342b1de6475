using System.Text.Json.Serialization;

namespace Proxyless.Search;

/// <summary>The number of steps of a search, and how far each moves the architecture parameters.</summary>
/// <param name="WeightSteps">Total number of weight steps, including the warm-up.</param>
/// <param name="WarmupSteps">Weight steps before the first architecture step.</param>
/// <param name="Interval">Weight steps per architecture step.</param>
/// <param name="WeightUpdate">
/// The method of a weight step; plans of older runs do not have it, and all their steps are on a single path.
/// </param>
internal sealed record SearchPlan(
    long WeightSteps,
    long WarmupSteps,
    int Interval,
    [property: JsonConverter(typeof(JsonStringEnumConverter<WeightUpdate>))]
        WeightUpdate WeightUpdate = WeightUpdate.SinglePath
)
{
    // From uniform probabilities of 7 candidates to a probability of 0.95 takes ln(0.95 / 0.05) + ln 6 = 4.7 in logits.
    private const double DecisiveLogit = 4.7;
    private const double HighestRate = 0.3;

    /// <summary>Total number of architecture steps; 0 if the search is too short for one.</summary>
    public long ArchitectureSteps => (WeightSteps - WarmupSteps) / Interval;

    /// <summary>Whether an architecture step follows a weight step.</summary>
    /// <param name="step">The weight step, from 0.</param>
    public bool HasArchitectureStep(long step) => step >= WarmupSteps && (step - WarmupSteps + 1) % Interval == 0;

    /// <summary>
    /// The rate with which consistent evidence decides a block in a third of the steps. Adam moves a logit by about the
    /// rate in a step that involves it; in a two-path step of N candidates that is 2 of N at the start, and about half
    /// later.
    /// </summary>
    /// <param name="update">How gradients are computed.</param>
    /// <remarks>At most 0.3: in a search of a few steps a higher rate would let single batches decide.</remarks>
    public double ArchitectureRate(ArchitectureUpdate update) =>
        Math.Min(
            HighestRate,
            DecisiveLogit / (Math.Max(1, ArchitectureSteps / 3.0) * (update == ArchitectureUpdate.TwoPath ? 0.5 : 1))
        );
}
