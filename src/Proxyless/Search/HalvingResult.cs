namespace Proxyless.Search;

/// <summary>The result of a candidate in <see cref="SuccessiveHalving"/>.</summary>
/// <typeparam name="T">The type of the candidates.</typeparam>
/// <param name="Candidate">The candidate.</param>
/// <param name="Steps">Number of steps that it was trained.</param>
/// <param name="Score">Its last score, or null if it was the only candidate and nothing was trained.</param>
internal sealed record HalvingResult<T>(T Candidate, long Steps, double? Score);
