namespace Proxyless.Search;

/// <summary>How far a candidate came in <see cref="SuccessiveHalving"/>.</summary>
/// <typeparam name="T">What was compared.</typeparam>
/// <param name="Candidate">The candidate.</param>
/// <param name="Steps">To how many steps it was trained.</param>
/// <param name="Score">Its score then, or null where it was alone and nothing was trained.</param>
internal sealed record HalvingResult<T>(T Candidate, long Steps, double? Score);
