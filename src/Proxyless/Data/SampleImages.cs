using Proxyless.Files;
using Proxyless.Runtime;
using SkiaSharp;

namespace Proxyless.Data;

/// <summary>
/// Small pictures of eight shapes, drawn at run time and written as PNG files, so that the whole pipeline can be tried
/// without a download. Place, size, angle and both colors are random, and so is whether shape or background is lighter:
/// no single pixel tells anything about the class, and a linear classifier fails.
/// </summary>
public static class SampleImages
{
    /// <summary>The name that stands for these images in place of a folder of images.</summary>
    public const string Name = "sample";

    private const int DefaultSize = 32;
    private const int DefaultTraining = 250;
    private const int DefaultTest = 50;

    /// <summary>Changes with the drawing code, so that cached older pictures are not taken for these.</summary>
    private const int DrawingVersion = 1;

    // They are drawn in seconds.
    private static readonly TimeSpan AgeOfLeftovers = TimeSpan.FromDays(1);

    // By the rules of Windows, which are the default everywhere, "NAME.*" is also NAME itself.
    private static readonly EnumerationOptions Exactly = new()
    {
        MatchType = MatchType.Simple,
        AttributesToSkip = FileAttributes.None,
    };

    /// <summary>Names of the classes in alphabetical order.</summary>
    public static IReadOnlyList<string> Classes { get; } =
    [.. Enum.GetNames<SampleShape>().Select(name => name.ToLowerInvariant())];

    /// <summary>Writes <c>train/CLASS/NNNN.png</c> and <c>test/CLASS/NNNN.png</c>.</summary>
    /// <param name="folder">The destination; existing files of the same names are replaced.</param>
    /// <param name="size">Side in pixels, at least 16.</param>
    /// <param name="trainingPerClass">Training images of each class.</param>
    /// <param name="testPerClass">Test images of each class.</param>
    /// <param name="seed">Another seed draws other pictures.</param>
    /// <param name="cancellationToken">Stops between two pictures; those that are drawn stay.</param>
    /// <exception cref="InvalidInputException">A number is out of its range.</exception>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    public static void Write(
        string folder,
        int size = DefaultSize,
        int trainingPerClass = DefaultTraining,
        int testPerClass = DefaultTest,
        int seed = 0,
        CancellationToken cancellationToken = default
    ) => WriteSplits(folder, size, trainingPerClass, testPerClass, seed, NullRunObserver.Instance, cancellationToken);

    private static void WriteSplits(
        string folder,
        int size,
        int trainingPerClass,
        int testPerClass,
        int seed,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        if (size is < 16 or > 1024)
        {
            throw new InvalidInputException($"Sample images of {size} pixels: give a size from 16 to 1024.");
        }

        if (trainingPerClass < 1 || testPerClass < 1)
        {
            throw new InvalidInputException(
                $"{trainingPerClass} training and {testPerClass} test images a class: give at least one of each."
            );
        }

        long done = 0;
        var progress = new Progress(observer, "sample", 0, Classes.Count * ((long)trainingPerClass + testPerClass));
        void Drawn(string what) => progress.Report(++done, what);
        WriteSplit(Path.Combine(folder, "train"), size, trainingPerClass, seed, 0, Drawn, cancellationToken);
        WriteSplit(Path.Combine(folder, "test"), size, testPerClass, seed, 1, Drawn, cancellationToken);
    }

    /// <summary>
    /// Writes the same into a folder that is empty or missing. It has the training images only once all are drawn: a
    /// process that is killed leaves no set that looks whole.
    /// </summary>
    internal static void WriteNew(
        string folder,
        int size,
        int trainingPerClass,
        int testPerClass,
        int seed,
        IRunObserver observer,
        CancellationToken cancellationToken
    )
    {
        string place = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));

        // Within a folder that is there: it may be a file system of its own, onto which nothing can be moved.
        bool isThere = Directory.Exists(place);
        string draft = isThere ? Path.Combine(place, $".{Guid.NewGuid():N}") : $"{place}.{Guid.NewGuid():N}";
        try
        {
            WriteSplits(draft, size, trainingPerClass, testPerClass, seed, observer, cancellationToken);
            if (isThere)
            {
                Directory.Move(Path.Combine(draft, "test"), Path.Combine(place, "test"));
                Directory.Move(Path.Combine(draft, "train"), Path.Combine(place, "train"));
            }
            else
            {
                Directory.Move(draft, place);
            }
        }
        finally
        {
            FolderRemoval.Try(draft);
        }
    }

    /// <summary>Returns the folder of the default pictures in this user's cache, written there on first use.</summary>
    /// <exception cref="InvalidInputException">The cache cannot be written.</exception>
    internal static string Cached() => Cached(CacheFolder.Of($"sample-{DrawingVersion}"), draft => Write(draft));

    /// <summary>Returns a folder that is written on first use.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="write">Writes the pictures into a folder beside it.</param>
    /// <exception cref="InvalidInputException">The folder cannot be written.</exception>
    internal static string Cached(string folder, Action<string> write)
    {
        RemoveOldDrafts(folder);
        if (!Directory.Exists(folder))
        {
            // Written beside its place and moved there, so that neither an interruption nor a second run leaves a part
            // of it.
            string draft = $"{folder}.{Guid.NewGuid():N}";
            try
            {
                write(draft);
                Directory.Move(draft, folder);
            }
            catch (UnauthorizedAccessException exception)
            {
                throw new InvalidInputException(
                    $"The sample images cannot be written to {folder}: set PROXYLESS_CACHE to a folder that can be "
                        + $"written.",
                    exception
                );
            }
            catch (IOException) when (Directory.Exists(folder))
            {
                // Another run was first.
            }
            finally
            {
                FolderRemoval.Try(draft);
            }
        }

        return folder;
    }

    /// <summary>Removes what processes that were killed have left; a younger draft may be of one that works.</summary>
    private static void RemoveOldDrafts(string folder)
    {
        string above = Path.GetDirectoryName(folder)!;
        try
        {
            foreach (string draft in Directory.GetDirectories(above, $"{Path.GetFileName(folder)}.*", Exactly))
            {
                if (DateTime.UtcNow - Directory.GetLastWriteTimeUtc(draft) > AgeOfLeftovers)
                {
                    FolderRemoval.Try(draft);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // There is no cache yet, or it cannot be listed: then nothing can be removed there either.
        }
    }

    private static void WriteSplit(
        string folder,
        int size,
        int perClass,
        int seed,
        int split,
        Action<string> drawn,
        CancellationToken cancellationToken
    )
    {
        using var bitmap = new SKBitmap(new SKImageInfo(size, size, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        foreach (SampleShape shape in Enum.GetValues<SampleShape>())
        {
            string home = Path.Combine(folder, Classes[(int)shape]);
            string what = $"{Path.GetFileName(folder)}/{Classes[(int)shape]}";
            Directory.CreateDirectory(home);
            for (int i = 0; i < perClass; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var random = new SplitMix64(seed, 2 * (int)shape + split, i);
                Draw(canvas, size, shape, ref random);
                using SKData encoded = bitmap.Encode(SKEncodedImageFormat.Png, 100);
                // Not through AtomicFile, which would wait for the disk 2,400 times.
                File.WriteAllBytes(Path.Combine(home, Invariant($"{i:0000}.png")), encoded.Span);
                drawn(what);
            }
        }
    }

    private static void Draw(SKCanvas canvas, int size, SampleShape shape, ref SplitMix64 random)
    {
        float groundLightness = (float)random.Uniform(15, 85);
        float shift = (float)random.Uniform(30, 45);
        float shapeLightness = groundLightness < 50 ? groundLightness + shift : groundLightness - shift;
        canvas.Clear(RandomColor(groundLightness, ref random));
        using var paint = new SKPaint { IsAntialias = true };
        DrawClutter(canvas, size, groundLightness, paint, ref random);

        float radius = (float)random.Uniform(0.24, 0.42) * size;
        float x = (float)random.Uniform(radius, size - radius);
        float y = (float)random.Uniform(radius, size - radius);
        canvas.Save();
        canvas.Translate(x, y);
        canvas.RotateDegrees((float)random.Uniform(0, 360));
        canvas.Scale(radius);
        paint.Color = RandomColor(shapeLightness, ref random);
        using SKPath outline = SampleOutlines.Of(shape);
        canvas.DrawPath(outline, paint);
        canvas.Restore();
    }

    /// <summary>Bars and dots in colors near the background's, and smaller than any shape.</summary>
    private static void DrawClutter(
        SKCanvas canvas,
        int size,
        float groundLightness,
        SKPaint paint,
        ref SplitMix64 random
    )
    {
        int pieces = 3 + random.Below(4);
        for (int i = 0; i < pieces; i++)
        {
            float lightness = Math.Clamp(groundLightness + (float)random.Uniform(-18, 18), 5, 95);
            paint.Color = RandomColor(lightness, ref random);
            float x = (float)random.Uniform(0, size);
            float y = (float)random.Uniform(0, size);
            if (random.Below(2) == 0)
            {
                canvas.DrawCircle(x, y, (float)random.Uniform(0.03, 0.09) * size, paint);
            }
            else
            {
                double angle = random.Uniform(0, 2 * Math.PI);
                float length = (float)random.Uniform(0.15, 0.4) * size;
                paint.StrokeWidth = (float)random.Uniform(0.03, 0.07) * size;
                canvas.DrawLine(x, y, x + length * (float)Math.Cos(angle), y + length * (float)Math.Sin(angle), paint);
            }
        }
    }

    private static SKColor RandomColor(float lightness, ref SplitMix64 random) =>
        SKColor.FromHsl((float)random.Uniform(0, 360), (float)random.Uniform(20, 90), lightness);
}
