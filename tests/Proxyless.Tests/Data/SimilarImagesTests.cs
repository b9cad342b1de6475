using Proxyless.Data;
using Proxyless.Inference;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class SimilarImagesTests
{
    private const int Images = 40;

    private static readonly PreprocessingRecipe Recipe = new()
    {
        Resolution = 64,
        Channels = 3,
        CropRatio = null,
        Filter = ImageFilter.Triangle,
        Rounds = false,
        Range = byte.MaxValue,
        Mean = [0, 0, 0],
        Deviation = [1, 1, 1],
    };

    [Fact]
    public void A_smaller_a_compressed_a_darker_and_a_mirrored_copy_are_found_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < Images; i++)
        {
            using SKBitmap picture = Blobs(i);
            using SKBitmap other = Blobs(1000 + i);
            Write(folder, "train", i, picture, SKEncodedImageFormat.Png);
            using SKBitmap copy = (i % 5) switch
            {
                0 => picture.Resize(new SKSizeI(80, 80), new SKSamplingOptions(SKFilterMode.Linear)),
                1 => picture.Copy(),
                2 => Drawn(picture, canvas => canvas.Scale(-1, 1, picture.Width / 2f, 0)),
                3 => Drawn(picture, _ => { }, opacity: 140),
                _ => other.Copy(),
            };
            Write(folder, "test", i, copy, SKEncodedImageFormat.Jpeg);
        }

        ImageDataset data = Open(folder);
        SimilarImages found = Find(data, TimeSpan.FromMinutes(10));

        Assert.False(found.IsPart);
        Assert.Equal((Images, Images), (found.Images, found.Others));
        Assert.Equal(
            Enumerable.Range(0, Images).Where(i => i % 5 != 4).Select(i => (i, i)),
            found
                .Pairs.Select(pair =>
                    (NumberOf(data.Test.Name(pair.Image)), NumberOf(data.AllTraining.Name(pair.Other)))
                )
                .Order()
        );
        Assert.All(found.Pairs, pair => Assert.InRange(pair.Correlation, SimilarImages.LeastCorrelation, 1.0001));
        Assert.Equal(found.Pairs.OrderByDescending(pair => pair.Correlation), found.Pairs);
    }

    [Fact]
    public void Images_of_one_color_are_similar_to_nothing()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 6; i++)
        {
            using var plain = new SKBitmap(40, 40);
            plain.Erase(new SKColor((byte)(40 * i), 100, 100));
            Write(folder, "train", i, plain, SKEncodedImageFormat.Png);
            Write(folder, "test", i, plain, SKEncodedImageFormat.Jpeg);
        }

        SimilarImages found = Find(Open(folder), TimeSpan.FromMinutes(10));

        Assert.Empty(found.Pairs);
        Assert.Equal(0, found.Images);
    }

    [Fact]
    public void Without_time_nothing_is_read_and_that_is_said()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < 6; i++)
        {
            using SKBitmap picture = Blobs(i);
            Write(folder, "train", i, picture, SKEncodedImageFormat.Png);
            Write(folder, "test", i, picture, SKEncodedImageFormat.Jpeg);
        }

        SimilarImages found = Find(Open(folder), TimeSpan.Zero);

        Assert.True(found.IsPart);
        Assert.Equal((0, 0), (found.Images, found.Others));
        Assert.Empty(found.Pairs);
    }

    private static SimilarImages Find(ImageDataset data, TimeSpan time) =>
        SimilarImages.Find(
            data.Test,
            data.AllTraining,
            Recipe,
            2,
            time,
            NullRunObserver.Instance,
            TestContext.Current.CancellationToken
        );

    private static ImageDataset Open(TemporaryFolder folder) =>
        ImageDataset.Open(
            new DatasetOptions { Location = folder.Root },
            new RecordingObserver(),
            TestContext.Current.CancellationToken
        );

    private static int NumberOf(string file) =>
        int.Parse(Path.GetFileNameWithoutExtension(file), System.Globalization.CultureInfo.InvariantCulture);

    private static void Write(TemporaryFolder folder, string part, int i, SKBitmap picture, SKEncodedImageFormat format)
    {
        using SKData encoded = picture.Encode(format, 60);
        folder.Add(
            Path.Combine(part, i % 2 == 0 ? "even" : "odd", $"{i}.{format}".ToLowerInvariant()),
            encoded.ToArray()
        );
    }

    /// <summary>A few disks of any color at any place.</summary>
    private static SKBitmap Blobs(int seed)
    {
        var random = new Random(seed);
        SKColor Color() => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
        var bitmap = new SKBitmap(120, 120);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(Color());
        for (int i = 0; i < 8; i++)
        {
            using var paint = new SKPaint { Color = Color() };
            canvas.DrawCircle(random.Next(120), random.Next(120), random.Next(10, 40), paint);
        }

        return bitmap;
    }

    private static SKBitmap Drawn(SKBitmap picture, Action<SKCanvas> place, byte opacity = byte.MaxValue)
    {
        var bitmap = new SKBitmap(picture.Width, picture.Height);
        using var canvas = new SKCanvas(bitmap);
        using var paint = new SKPaint { Color = SKColors.Black.WithAlpha(opacity) };
        canvas.Clear(SKColors.Black);
        place(canvas);
        canvas.DrawBitmap(picture, 0, 0, paint);
        return bitmap;
    }
}
