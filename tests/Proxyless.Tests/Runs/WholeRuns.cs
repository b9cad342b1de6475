using Xunit;

namespace Proxyless.Tests.Runs;

/// <summary>
/// Tests of whole runs, which are compared to the bit: the number of libtorch's threads, on which rounding depends, is one for
/// the whole process, so nothing else runs beside them.
/// </summary>
[CollectionDefinition(nameof(WholeRuns), DisableParallelization = true)]
public sealed class WholeRuns;
