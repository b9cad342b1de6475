using Proxyless.Architectures;
using Proxyless.Latency;
using Xunit;

namespace Proxyless.Tests.Latency;

public sealed class LatencyTableCacheTests : IDisposable
{
    private static readonly LocalTarget Target = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("proxyless-tests-").FullName;
    private readonly LatencyTableCache _cache;

    public LatencyTableCacheTests() => _cache = new LatencyTableCache(_folder);

    [Fact]
    public void A_stored_table_is_used_instead_of_a_new_profile()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table());
        LatencyTable table = _cache.GetOrProfile(
            SmallSpace.Space, SmallSpace.Classes, Target, ProfileMode.Quick, NullRunObserver.Instance, TestContext.Current.CancellationToken);
        Assert.Equal(SmallSpace.Table().Created, table.Created);
    }

    [Fact]
    public void A_thorough_table_serves_a_quick_request_but_not_the_reverse()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table(ProfileMode.Quick));
        Assert.Null(Find(SmallSpace.Space, mode: ProfileMode.Thorough));
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table(ProfileMode.Thorough));
        Assert.Equal(ProfileMode.Thorough, Find(SmallSpace.Space)!.Mode);
    }

    [Fact]
    public void Another_space_number_of_classes_or_target_finds_nothing()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table());
        Assert.Null(Find(SmallSpace.Space.WithInput(32, 3)));
        Assert.Null(Find(SmallSpace.Space with { Activation = Activation.Relu }));
        Assert.Null(Find(SmallSpace.Space, SmallSpace.Classes + 1));
        Assert.Null(Find(SmallSpace.Space, target: new LocalTarget(1, 8)));
        Assert.NotNull(Find(SmallSpace.Space));
    }

    [Fact]
    public void The_same_space_by_another_name_finds_the_table_under_its_own_name()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table());
        Assert.Equal("renamed", Find(SmallSpace.Space with { Name = "renamed" })!.Space);
    }

    [Fact]
    public void A_damaged_table_counts_as_missing()
    {
        _cache.Store(SmallSpace.Space, SmallSpace.Classes, Target, SmallSpace.Table());
        File.WriteAllText(Directory.GetFiles(_folder).Single(), "{");
        Assert.Null(Find(SmallSpace.Space));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private LatencyTable? Find(
        SearchSpace space, int classes = SmallSpace.Classes, LocalTarget? target = null, ProfileMode mode = ProfileMode.Quick) =>
        _cache.Find(space, classes, target ?? Target, mode, NullRunObserver.Instance);
}
