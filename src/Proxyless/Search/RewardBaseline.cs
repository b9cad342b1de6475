namespace Proxyless.Search;

/// <summary>
/// The moving average that rewards are compared with: starts at the first batch's mean, then b := 0.99 b + 0.01
/// mean(R); each batch is compared with the value before it.
/// </summary>
internal sealed class RewardBaseline
{
    /// <summary>b, or null before the first batch.</summary>
    public double? Value { get; set; }

    /// <summary>Returns the value that a batch of rewards is compared with.</summary>
    public double Before(IReadOnlyCollection<double> rewards) => Value ?? rewards.Average();

    /// <summary>Adds a batch of rewards.</summary>
    public void Update(IReadOnlyCollection<double> rewards) =>
        Value = Value is { } value ? (0.99 * value) + (0.01 * rewards.Average()) : rewards.Average();
}
