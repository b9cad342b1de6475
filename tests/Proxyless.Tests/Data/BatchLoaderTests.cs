using CsCheck;
using Proxyless.Data;
using Proxyless.Runtime;
using SkiaSharp;
using Xunit;

namespace Proxyless.Tests.Data;

public sealed class BatchLoaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Batches_are_the_same_whatever_the_number_of_threads(bool smallImages)
    {
        ImageSet set = OpenTraining(smallImages);

        float[][] one = Epoch(set, smallImages, epoch: 3, threads: 1);

        Assert.Equal(one, Epoch(set, smallImages, epoch: 3, threads: 2));
        Assert.Equal(one, Epoch(set, smallImages, epoch: 3, threads: 7));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void The_parts_of_several_processes_are_the_batches_of_one(int parts)
    {
        ImageSet set = OpenTraining(smallImages: true);
        var transforms = Transforms.ForTraining(16, smallImages: true);
        float[][] PartOf(int i, int count)
        {
            using var loader = new BatchLoader(set, transforms, 4, 9, shuffle: true, dropLast: true, threads: 2)
            {
                Part = new BatchPart(i, count),
            };
            return
            [
                .. loader
                    .EpochArrays(3, 0, Token)
                    .Select(batch => batch.Images[..(batch.Labels.Length * transforms.Length)]),
            ];
        }

        float[][] whole = PartOf(0, 1);
        Assert.NotEmpty(whole);
        float[][][] shared = [.. Enumerable.Range(0, parts).Select(i => PartOf(i, parts))];
        Assert.All(whole.Index(), batch => Assert.Equal(batch.Item, shared.SelectMany(part => part[batch.Index])));
    }

    [Fact]
    public void Parts_cover_a_batch_and_differ_by_one_image_at_most() =>
        Gen.Select(Gen.Int[1, 300], Gen.Int[1, 300])
            .Sample(
                (images, parts) =>
                {
                    (int First, int Length)[] all =
                    [
                        .. Enumerable.Range(0, parts).Select(i => new BatchPart(i, parts).Of(images)),
                    ];
                    Assert.Equal(
                        Enumerable.Range(0, images),
                        all.SelectMany(part => Enumerable.Range(part.First, part.Length))
                    );
                    Assert.InRange(all.Max(part => part.Length) - all.Min(part => part.Length), 0, 1);
                    Assert.Equal(new BatchPart(0, parts).Longest(images), all.Max(part => part.Length));
                }
            );

    [Fact]
    public void What_is_ahead_is_bounded_by_its_bytes_on_a_machine_of_64_processors()
    {
        const long Image = 224 * 224 * 3 * sizeof(float);
        int batches = BatchLoader.BatchesAhead(batchSize: 256, Image, threads: 64, BatchLoader.DefaultBytesAhead);
        Assert.Equal(3, batches);
        Assert.True(batches * 256 * Image <= BatchLoader.DefaultBytesAhead);
        Assert.Equal(6, BatchLoader.BatchesAhead(batchSize: 32, Image, threads: 64, BatchLoader.DefaultBytesAhead));

        // Two, whatever they take: else nothing would be made while a batch is used.
        Assert.Equal(2, BatchLoader.BatchesAhead(batchSize: 1024, Image, threads: 1, BatchLoader.DefaultBytesAhead));

        // Small batches are more, so that each thread finds an image to decode.
        Gen.Select(Gen.Int[1, 1024], Gen.Int[1, 512], Gen.Int[1, 256])
            .Sample(
                (batch, side, threads) =>
                {
                    long image = (long)side * side * 3 * sizeof(float);
                    int ahead = BatchLoader.BatchesAhead(batch, image, threads, BatchLoader.DefaultBytesAhead);
                    long bytes = ahead * batch * image;
                    Assert.True(ahead == 2 || bytes <= BatchLoader.DefaultBytesAhead);
                    bool isEnough = (long)(ahead - 2) * batch >= 2 * threads;
                    Assert.True(isEnough || bytes + (batch * image) > BatchLoader.DefaultBytesAhead);
                }
            );
    }

    [Theory]
    [InlineData(0, 2)]
    [InlineData(5, 5)]
    [InlineData(1000, 34)]
    public void A_loader_never_holds_more_than_its_bound(int room, int expected)
    {
        var source = new CountingSource(images: 400);
        var set = new ImageSet(
            source,
            [.. Enumerable.Range(0, source.Count)],
            1,
            new UnreadableImages(false, NullRunObserver.Instance)
        );
        Transforms transforms = Transforms.ForEvaluation(16, true);
        const int BatchSize = 4;
        long batch = BatchSize * sizeof(float) * transforms.Length;
        using var loader = new BatchLoader(set, transforms, BatchSize, 0, shuffle: true, dropLast: false, threads: 64)
        {
            BytesAhead = room * batch,
        };
        int taken = 0;
        for (int epoch = 0; epoch < 3; epoch++)
        {
            foreach (var _ in loader.EpochArrays(epoch, 0, Token))
            {
                taken++;
                Assert.InRange(source.Rendered, BatchSize * taken, BatchSize * (taken + expected - 1));
                Assert.InRange(loader.BytesHeld, batch, expected * batch);
            }
        }

        // Whoever stops early leaves the memory to the next epoch.
        for (int i = 0; i < 5; i++)
        {
            Assert.Single(loader.EpochArrays(0, 0, Token).Take(1));
        }

        Assert.Equal(expected * batch, loader.BytesHeld);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public void Of_several_images_that_fail_the_first_is_told(int threads)
    {
        ImageSet set = OpenTraining(smallImages: false, strict: true);
        foreach (int image in (int[])[2, 3, 6])
        {
            File.WriteAllBytes(set.Name(image), [1, 2, 3]);
        }

        using var loader = new BatchLoader(
            set,
            Transforms.ForEvaluation(16, false),
            8,
            0,
            shuffle: false,
            dropLast: false,
            threads
        );
        Assert.Contains(
            set.Name(2),
            Assert.Throws<InvalidInputException>(() => loader.EpochArrays(0, 0, Token).Count()).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Every_epoch_has_another_order_and_another_look_and_every_image_once()
    {
        ImageSet set = OpenTraining(smallImages: true);
        Transforms plain = Transforms.ForEvaluation(16, true).WithoutNormalization();

        float[][] first = Epoch(set, plain, epoch: 0);
        float[][] second = Epoch(set, plain, epoch: 1);

        Assert.NotEqual(first, second);
        Assert.Equal(Images(first, plain), Images(second, plain));
        Assert.Equal(set.Count, Images(first, plain).Length);
        Assert.NotEqual(
            Images(Epoch(set, smallImages: true, epoch: 0), plain),
            Images(Epoch(set, smallImages: true, epoch: 1), plain)
        );
    }

    [Fact]
    public void An_epoch_taken_up_in_the_middle_goes_on_with_the_same_batches()
    {
        ImageSet set = OpenTraining(smallImages: true);

        float[][] whole = Epoch(set, smallImages: true, epoch: 2);
        float[][] rest = Epoch(set, smallImages: true, epoch: 2, firstBatch: 2);

        Assert.Equal(whole[2..], rest);
        Assert.Empty(Epoch(set, smallImages: true, epoch: 2, firstBatch: whole.Length));
    }

    [Fact]
    public void Without_shuffling_the_order_is_that_of_the_set_and_the_last_batch_is_short_or_left_out()
    {
        ImageSet set = OpenTraining(smallImages: true);
        Transforms transforms = Transforms.ForEvaluation(16, true);
        using var all = new BatchLoader(set, transforms, 7, 0, shuffle: false, dropLast: false, 2);
        using var full = new BatchLoader(set, transforms, 7, 0, shuffle: false, dropLast: true, 2);

        long[][] labels = [.. all.EpochArrays(0, 0, Token).Select(batch => batch.Labels)];

        Assert.Equal(Enumerable.Range(0, set.Count).Select(i => (long)set.Label(i)), labels.SelectMany(batch => batch));
        Assert.NotEqual(0, set.Count % 7);
        Assert.Equal(set.Count % 7, labels[^1].Length);
        Assert.Equal((set.Count / 7 + 1, set.Count / 7), (all.BatchesPerEpoch, full.BatchesPerEpoch));
        Assert.Equal(full.BatchesPerEpoch, full.EpochArrays(0, 0, Token).Count());
    }

    [Fact]
    public void Labels_stay_with_their_images()
    {
        ImageSet set = OpenTraining(smallImages: true);
        Transforms plain = Transforms.ForEvaluation(16, true);
        var expected = new Dictionary<string, int>();
        for (int i = 0; i < set.Count; i++)
        {
            var pixels = new float[plain.Length];
            set.Render(i, plain, new SplitMix64(0), pixels);
            expected.Add(string.Join(',', pixels[..30]), set.Label(i));
        }

        using var loader = new BatchLoader(set, plain, 8, 5, shuffle: true, dropLast: false, 2);
        foreach ((float[] images, long[] labels) in loader.EpochArrays(4, 0, Token))
        {
            for (int i = 0; i < labels.Length; i++)
            {
                Assert.Equal(
                    expected[string.Join(',', images[(i * plain.Length)..(i * plain.Length + 30)])],
                    labels[i]
                );
            }
        }
    }

    [Fact]
    public void A_set_smaller_than_a_batch_is_refused_where_only_full_batches_count() =>
        Assert.Contains(
            "make it smaller",
            Assert
                .Throws<InvalidInputException>(() =>
                    new BatchLoader(
                        OpenTraining(true),
                        Transforms.ForEvaluation(16, true),
                        1000,
                        0,
                        true,
                        dropLast: true,
                        1
                    )
                )
                .Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Cancelling_stops_an_epoch()
    {
        using var loader = new BatchLoader(OpenTraining(true), Transforms.ForEvaluation(16, true), 2, 0, true, true, 2);
        using var stop = new CancellationTokenSource();

        var exception = Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            foreach (var _ in loader.EpochArrays(0, 0, stop.Token))
            {
                stop.Cancel();
            }
        });
        Assert.Equal(stop.Token, exception.CancellationToken);
    }

    [Fact]
    public void An_image_that_fails_later_is_told_once_and_replaced_by_one_of_its_class()
    {
        var observer = new RecordingObserver();
        ImageSet set = OpenTraining(smallImages: false, observer);
        byte[] half = File.ReadAllBytes(set.Name(0))[..200];
        float[] neighbor = Epoch(set, Transforms.ForEvaluation(16, false), epoch: 0, shuffle: false)[0];
        File.WriteAllBytes(set.Name(0), half);
        observer.Warnings.Clear();
        Transforms transforms = Transforms.ForEvaluation(16, false);

        float[] first = Epoch(set, transforms, epoch: 0, shuffle: false)[0];
        Epoch(set, transforms, epoch: 1, shuffle: false);

        string warning = Assert.Single(observer.Warnings);
        Assert.Contains(set.Name(0), warning, StringComparison.Ordinal);
        Assert.Equal(set.Label(0), set.Label(1));
        Assert.Equal(neighbor[transforms.Length..(2 * transforms.Length)], first[..transforms.Length]);
    }

    [Fact]
    public void An_image_that_fails_later_is_left_out_of_what_is_judged_and_no_other_counts_twice()
    {
        var observer = new RecordingObserver();
        ImageSet set = OpenTraining(smallImages: false, observer);
        Transforms transforms = Transforms.ForEvaluation(16, false);
        float[] whole = [.. Epoch(set, transforms, epoch: 0, shuffle: false).SelectMany(batch => batch)];
        int[] bad = [0, 5, 8, 9, 10, 11];
        foreach (int image in bad)
        {
            File.WriteAllBytes(set.Name(image), [1, 2, 3]);
        }

        observer.Warnings.Clear();
        using var loader = new BatchLoader(set, transforms, 4, 0, shuffle: false, dropLast: false, 2)
        {
            LeavesOutUnreadable = true,
        };
        var judged = new List<float>();
        var labels = new List<long>();
        foreach ((float[] images, long[] ofBatch) in loader.EpochArrays(0, 0, Token))
        {
            Assert.NotEmpty(ofBatch);
            judged.AddRange(images[..(ofBatch.Length * transforms.Length)]);
            labels.AddRange(ofBatch);
        }

        int[] good = [.. Enumerable.Range(0, set.Count).Except(bad)];
        Assert.Equal(good.Select(image => (long)set.Label(image)), labels);
        Assert.Equal(
            good.SelectMany(image => whole[(image * transforms.Length)..((image + 1) * transforms.Length)]),
            judged
        );
        Assert.Equal(bad.Length, observer.Warnings.Count);
        Assert.All(
            observer.Warnings,
            warning => Assert.Contains("left out of the evaluation", warning, StringComparison.Ordinal)
        );
    }

    [Fact]
    public void Where_nothing_at_all_can_be_judged_that_is_said()
    {
        ImageSet set = OpenTraining(smallImages: false);
        for (int image = 0; image < set.Count; image++)
        {
            File.WriteAllBytes(set.Name(image), [1, 2, 3]);
        }

        using var loader = new BatchLoader(
            set,
            Transforms.ForEvaluation(16, false),
            4,
            0,
            shuffle: false,
            dropLast: false,
            2
        )
        {
            LeavesOutUnreadable = true,
        };
        Assert.Contains(
            set.Name(0),
            Assert.Throws<InvalidInputException>(() => loader.EpochArrays(0, 0, Token).Count()).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void An_image_that_fails_later_ends_a_strict_run()
    {
        ImageSet set = OpenTraining(smallImages: false, strict: true);
        File.WriteAllBytes(set.Name(0), [1, 2, 3]);

        var exception = Assert.Throws<InvalidInputException>(() => Epoch(set, smallImages: false, epoch: 0));

        Assert.Contains(set.Name(0), exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_is_a_channels_last_tensor_of_the_same_values()
    {
        Libtorch.Load();
        ImageSet set = OpenTraining(smallImages: true);
        Transforms transforms = Transforms.ForEvaluation(16, true);
        using var loader = new BatchLoader(set, transforms, 8, 0, shuffle: false, dropLast: false, 2);
        float[][] expected = [.. loader.EpochArrays(0, 0, Token).Select(batch => batch.Images.ToArray())];
        int number = 0;

        foreach (Batch batch in loader.Epoch(0, 0, Token))
        {
            using (batch)
            {
                Assert.Equal([batch.Count, 3, 16, 16], batch.Images.shape);
                Assert.Equal([768, 1, 48, 3], batch.Images.stride());
                Assert.Equal(expected[number][16 * 3 + 2], batch.Images[0, 2, 1, 0].item<float>());
                Assert.Equal(
                    Enumerable.Range(8 * number, batch.Count).Select(i => (long)set.Label(i)),
                    batch.Labels.data<long>().ToArray()
                );
                number++;
            }
        }

        Assert.Equal(loader.BatchesPerEpoch, number);
    }

    private ImageSet OpenTraining(bool smallImages, IRunObserver? observer = null, bool strict = false)
    {
        for (int i = 0; i < 30; i++)
        {
            string name = i % 2 == 0 ? "cat" : "dog";
            byte[] picture = smallImages
                ? TestPictures.Noise(i)
                : TestPictures.Noise(
                    i,
                    40 + i,
                    60 - i,
                    i % 3 == 0 ? SKEncodedImageFormat.Png : SKEncodedImageFormat.Jpeg
                );
            _folder.Add($"{name}/{i:00}.img.{(smallImages || i % 3 == 0 ? "png" : "jpg")}", picture);
        }

        return ImageDataset
            .Open(
                new DatasetOptions { Location = _folder.Root, Strict = strict },
                observer ?? NullRunObserver.Instance,
                Token
            )
            .Weights;
    }

    private static float[][] Epoch(ImageSet set, bool smallImages, int epoch, int threads = 2, int firstBatch = 0) =>
        Epoch(set, Transforms.ForTraining(16, smallImages), epoch, threads, firstBatch);

    private static float[][] Epoch(
        ImageSet set,
        Transforms transforms,
        int epoch,
        int threads = 2,
        int firstBatch = 0,
        bool shuffle = true
    )
    {
        using var loader = new BatchLoader(set, transforms, 4, 9, shuffle, dropLast: false, threads);
        return
        [
            .. loader
                .EpochArrays(epoch, firstBatch, Token)
                .Select(batch => batch.Images[..(batch.Labels.Length * transforms.Length)]),
        ];
    }

    /// <summary>Something to know each image by, in ascending order.</summary>
    private static string[] Images(float[][] batches, Transforms transforms) =>
        [
            .. batches
                .SelectMany(batch => batch.Chunk(transforms.Length))
                .Select(image => string.Join(',', image[..60]))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>Images of no content that counts how many were made.</summary>
    private sealed class CountingSource(int images) : ImageSource
    {
        private int _rendered;

        public int Rendered => Volatile.Read(ref _rendered);

        public override int Count => images;

        public override int Label(int index) => 0;

        public override string Name(int index) => $"image {index}";

        public override long Length(int index) => 1;

        public override byte[] Read(int index) => [0];

        public override void Render(int index, Transforms transforms, SplitMix64 random, Span<float> destination)
        {
            destination.Clear();
            Interlocked.Increment(ref _rendered);
        }
    }
}
