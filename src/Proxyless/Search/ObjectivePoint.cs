namespace Proxyless.Search;

/// <summary>An objective's value and derivatives at one point.</summary>
/// <param name="Value">L.</param>
/// <param name="CrossEntropySlope">dL/dCE.</param>
/// <param name="CostSlopes">dL/dE_c for each limited cost, per unit of the cost.</param>
public sealed record ObjectivePoint(double Value, double CrossEntropySlope, IReadOnlyList<double> CostSlopes);
