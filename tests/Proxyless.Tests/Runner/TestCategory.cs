namespace Proxyless.Tests.Runner;

/// <summary>The trait of tests that measure this machine: <c>-trait- Category=Measuring</c> leaves them out.</summary>
/// <remarks>
/// What they measure depends on what else the machine does. They assert what holds on any: that there is a latency,
/// over 0 and finite, of the right parts and from the right number of runs; never that one is below another, or below a
/// bound. All other tests use <see cref="Latency.FixedTable"/>.
/// </remarks>
internal static class TestCategory
{
    public const string Name = "Category";

    public const string Measuring = "Measuring";
}
