using Proxyless.Data;

namespace Proxyless.Tests.Data;

/// <summary>The built-in images in small, for whole runs that end in seconds.</summary>
internal static class SmallSample
{
    /// <summary>Draws 40 images for training and 10 for test of each class.</summary>
    /// <returns>Their folder.</returns>
    public static string Add(TemporaryFolder folder)
    {
        string images = Path.Combine(folder.Root, "small-sample");
        SampleImages.Write(images, trainingPerClass: 40, testPerClass: 10);
        return images;
    }
}
