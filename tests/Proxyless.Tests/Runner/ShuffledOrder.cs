using System.Security.Cryptography;
using System.Text;
using Proxyless.Tests.Runner;
using Xunit;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(ShuffledOrder))]
[assembly: TestClassOrderer(typeof(ShuffledOrder))]
[assembly: TestMethodOrderer(typeof(ShuffledOrder))]
[assembly: TestCaseOrderer(typeof(ShuffledOrder))]

namespace Proxyless.Tests.Runner;

/// <summary>
/// The order of tests by a seed in <see cref="Variable"/>, which <c>tests/repeat.sh --shuffle</c> sets; the runner's
/// own order without. The order of a seed is the same for the same tests.
/// </summary>
public sealed class ShuffledOrder : ITestCollectionOrderer, ITestClassOrderer, ITestMethodOrderer, ITestCaseOrderer
{
    public const string Variable = "PROXYLESS_TEST_ORDER_SEED";
    private readonly string? _seed = Environment.GetEnvironmentVariable(Variable);

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections
    )
        where TTestCollection : ITestCollection =>
        _seed is null
            ? DefaultTestCollectionOrderer.Instance.OrderTestCollections(testCollections)
            : Shuffled(testCollections, one => one.UniqueID);

    public IReadOnlyCollection<TTestClass?> OrderTestClasses<TTestClass>(IReadOnlyCollection<TTestClass?> testClasses)
        where TTestClass : notnull, ITestClass =>
        _seed is null
            ? DefaultTestClassOrderer.Instance.OrderTestClasses(testClasses)
            : Shuffled(testClasses, one => one?.UniqueID);

    public IReadOnlyCollection<TTestMethod?> OrderTestMethods<TTestMethod>(
        IReadOnlyCollection<TTestMethod?> testMethods
    )
        where TTestMethod : notnull, ITestMethod =>
        _seed is null
            ? DefaultTestMethodOrderer.Instance.OrderTestMethods(testMethods)
            : Shuffled(testMethods, one => one?.UniqueID);

    public IReadOnlyCollection<TTestCase> OrderTestCases<TTestCase>(IReadOnlyCollection<TTestCase> testCases)
        where TTestCase : notnull, ITestCase =>
        _seed is null
            ? DefaultTestCaseOrderer.Instance.OrderTestCases(testCases)
            : Shuffled(testCases, one => one.UniqueID);

    private T[] Shuffled<T>(IReadOnlyCollection<T> all, Func<T, string?> id) =>
        [
            .. all.OrderBy(
                one => Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes($"{_seed} {id(one)}"))),
                StringComparer.Ordinal
            ),
        ];
}
