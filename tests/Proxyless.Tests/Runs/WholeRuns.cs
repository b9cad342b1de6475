using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>
/// Tests beside which nothing else runs: of whole runs, which are compared to the bit (the number of libtorch's
/// threads, on which rounding depends, is one for the whole process), and of the process's memory.
/// </summary>
[CollectionDefinition(nameof(WholeRuns), DisableParallelization = true)]
public sealed class WholeRuns;
