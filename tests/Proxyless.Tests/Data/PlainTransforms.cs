using Proxyless.Data;

namespace Proxyless.Tests.Data;

internal static class PlainTransforms
{
    /// <summary>The same without mean and deviation: values stay in [0, 1].</summary>
    public static Transforms WithoutNormalization(this Transforms transforms) =>
        transforms with
        {
            Mean = new float[transforms.Channels],
            Std = [.. Enumerable.Repeat(1f, transforms.Channels)],
        };
}
