namespace Proxyless.Search;

/// <summary>The derivatives of an objective L at one point.</summary>
/// <param name="CrossEntropySlope">dL/dCE.</param>
/// <param name="CostSlopes">dL/dE_c for each limited cost, per unit of the cost.</param>
internal sealed record ObjectivePoint(double CrossEntropySlope, IReadOnlyList<double> CostSlopes);
