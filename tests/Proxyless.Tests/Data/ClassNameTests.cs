using Proxyless.Data;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class ClassNameTests
{
    // Unicode's canonical composition (UAX 15): one accent, two in either order, one that keeps another from its
    // letter, Hangul, none that fits.
    [Theory]
    [InlineData("cafe\u0301", "caf\u00e9")]
    [InlineData("e\u0323\u0302", "\u1ec7")]
    [InlineData("e\u0302\u0323", "\u1ec7")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("a\u0302\u0301", "\u1ea5")]
    [InlineData("a\u0301\u0302", "\u00e1\u0302")]
    [InlineData("\u1112\u1161\u11ab", "\ud55c")]
    [InlineData("\u304b\u3099", "\u304c")]
    [InlineData("\u212b", "\u00c5")]
    public void Names_that_differ_in_the_coding_of_accents_have_one_key(string name, string key) =>
        Assert.Equal(key, ClassName.Key(name));

    // By them runs know their images: what Linux writes is its own key.
    [Theory]
    [InlineData("K\u00e4se")]
    [InlineData("\u00e9cole")]
    [InlineData("\ud55c\uad6d")]
    [InlineData("\u732b")]
    [InlineData("dog")]
    [InlineData("\u0301x")]
    public void A_composed_name_is_its_own_key(string name) => Assert.Equal(name, ClassName.Key(name));
}
