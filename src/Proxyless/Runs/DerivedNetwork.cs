using Proxyless.Architectures;
using Proxyless.Search;

namespace Proxyless.Runs;

/// <summary>The network that was derived from a search.</summary>
/// <param name="Result">Its result.</param>
/// <param name="Architecture">Its layers.</param>
/// <param name="Log">The epochs of the search.</param>
internal sealed record DerivedNetwork(SearchResult Result, Architecture Architecture, IReadOnlyList<SearchEpoch> Log);
