using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>
/// Tests beside which nothing else runs: of whole runs, which are compared to the bit, all that open a run's context,
/// which sets the number of libtorch's threads (rounding depends on it, and it is one for the whole process), and those
/// of the process's memory.
/// </summary>
[CollectionDefinition(nameof(WholeRuns), DisableParallelization = true)]
public sealed class WholeRuns;
