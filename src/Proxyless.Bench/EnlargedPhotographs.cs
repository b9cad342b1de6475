using Proxyless.Data;
using Proxyless.Inference;

namespace Proxyless.Bench;

/// <summary>Photographs as phones make them, from smaller ones: enlarged, with noise, as JPEG.</summary>
internal static class EnlargedPhotographs
{
    private const int Quality = 92;

    // In 0 to 255; what phones leave at good light. Without it a JPEG of so many pixels would be smaller, and faster.
    private const int NoiseAmplitude = 6;

    /// <summary>Writes enlarged copies of a set's images into one folder for each class.</summary>
    /// <param name="images">The images, which are repeated with other noise if they are too few.</param>
    /// <param name="count">The number of photographs.</param>
    /// <param name="megapixels">Their size.</param>
    /// <param name="folder">Where they go.</param>
    /// <param name="observer">Receives progress reports.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static void Write(
        ImageDataset images,
        int count,
        double megapixels,
        string folder,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ImageLoop.Run(
            count,
            Environment.ProcessorCount,
            "enlarge",
            observer,
            i =>
            {
                // Of all classes, also where they are fewer.
                int image = (int)(Math.Max(1, images.All.Count / (double)count) * i) % images.All.Count;
                string target = Path.Combine(folder, $"{images.All.Label(image)}");
                Directory.CreateDirectory(target);
                DecodedImage decoded = ImageDecoder.Decode(images.All.Name(image));
                File.WriteAllBytes(Path.Combine(target, $"{i:D5}.jpg"), Enlarged(decoded, megapixels, i));
            },
            cancellationToken
        );
    }

    private static byte[] Enlarged(DecodedImage image, double megapixels, int seed)
    {
        double scale = Math.Sqrt(megapixels * 1e6 / ((double)image.Width * image.Height));
        int width = (int)Math.Round(image.Width * scale);
        int height = (int)Math.Round(image.Height * scale);
        float[] values = ReducedImage.Scaled(image, width, height);
        uint state = (uint)seed + 1;
        for (int i = 0; i < values.Length; i++)
        {
            // Marsaglia's xorshift: the noise only has to differ from pixel to pixel.
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            values[i] += (state % ((2 * NoiseAmplitude) + 1)) - (float)NoiseAmplitude;
        }

        return JpegEncoding.Encode(values, width, height, channels: 3, Quality);
    }
}
