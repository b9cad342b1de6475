using System.Globalization;
using Proxyless.Architectures;

namespace Proxyless.Search;

/// <summary>A cost that must stay within a limit.</summary>
/// <param name="Cost">The costs of networks of the space.</param>
/// <param name="Limit">The highest allowed cost, in the cost's unit.</param>
internal sealed record CostLimit(SpaceCost Cost, double Limit)
{
    // As it was given: as many digits as a limit may have.
    private const string Given = "0.#########";
    private const string Count = "N0";

    /// <summary>Whether it is on latency.</summary>
    public bool IsOnLatency => Cost.Quantity == SpaceCost.LatencyQuantity;

    /// <summary>The highest allowed sum of costs.</summary>
    public double LimitOfSums => SumLimit.Of(Limit);

    /// <summary>Whether a cost is within the limit.</summary>
    /// <param name="cost">A sum of costs, in the cost's unit.</param>
    public bool Allows(double cost) => cost <= LimitOfSums;

    /// <summary>Whether a network is within the limit.</summary>
    /// <param name="choice">A candidate for each block.</param>
    public bool Allows(IReadOnlyList<int> choice) => Allows(Cost.Of(choice));

    /// <summary>Rejects a limit that no network of the space can meet.</summary>
    /// <exception cref="LimitNotMetException">The message says the smallest possible value.</exception>
    /// <param name="where">Such as " on cpu", for the message.</param>
    public void RequirePossible(string where = "")
    {
        double smallest = Cost.Smallest;
        if (!Allows(smallest))
        {
            bool isTime = Cost.Unit.Length > 0;
            string unit = isTime ? $" {Cost.Unit}" : "";
            string limit = Limit.ToString(isTime ? Given : Count, CultureInfo.InvariantCulture);
            string least = isTime
                ? MillisecondText.AtLeast(smallest)
                : smallest.ToString(Count, CultureInfo.InvariantCulture);
            throw new LimitNotMetException(
                $"the {Cost.Quantity} limit {limit}{unit} is impossible{where}: the smallest network of this space has "
                    + $"{least}{unit}; raise the limit or choose a smaller space or resolution"
            )
            {
                Quantity = Cost.Quantity,
                Limit = Limit,
                Least = smallest,
            };
        }
    }

    /// <summary>Quantity, value and unit, for messages.</summary>
    public override string ToString() => Invariant($"{Cost.Quantity} {Limit:G6} {Cost.Unit}").TrimEnd();
}
