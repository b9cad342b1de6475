using System.Collections.Concurrent;

namespace Proxyless.Data;

/// <summary>
/// Makes the batches of a set ahead of time on several threads; their bytes limit how many are ahead
/// (<see cref="BatchesAhead"/>). The same seed and epoch give the same batches for any number of threads.
/// </summary>
internal sealed class BatchLoader : IDisposable
{
    /// <summary>512 MiB: three batches of 256 color images of 224 x 224, 27 of 32 images.</summary>
    internal const long DefaultBytesAhead = 512L << 20;

    /// <summary>The most values of a batch: a tensor's memory is written as at most 2^31 - 1 bytes.</summary>
    internal const long MostValues = int.MaxValue / sizeof(float);

    // One in use and one being made.
    private const int FewestAhead = 2;

    // Neither all steps nor all batches take the same time.
    private const int UsualAhead = 4;

    private readonly ImageSet _set;
    private readonly Transforms _transforms;
    private readonly int _batchSize;
    private readonly int _seed;
    private readonly bool _shuffle;
    private readonly int _threads;
    private readonly ConcurrentExclusiveSchedulerPair _schedulers;
    private readonly ConcurrentBag<float[]> _buffers = [];

    /// <summary>Prepares loading; nothing is decoded before <see cref="Epoch"/> is enumerated.</summary>
    /// <param name="set">The images.</param>
    /// <param name="transforms">The processing of each image.</param>
    /// <param name="batchSize">Images per batch, at least 1.</param>
    /// <param name="seed">Seed of order and augmentation.</param>
    /// <param name="shuffle">Whether every epoch has a new order; false: the order of the set.</param>
    /// <param name="dropLast">Whether a last batch that is not full is left out.</param>
    /// <param name="threads">Threads that decode, at least 1.</param>
    /// <exception cref="InvalidInputException">The set is too small for a single batch.</exception>
    public BatchLoader(
        ImageSet set,
        Transforms transforms,
        int batchSize,
        int seed,
        bool shuffle,
        bool dropLast,
        int threads
    )
    {
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(transforms);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        _set = set;
        _transforms = transforms;
        _batchSize = batchSize;
        _seed = seed;
        _shuffle = shuffle;
        _threads = threads;
        _schedulers = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, threads);
        BatchesPerEpoch = dropLast ? set.Count / batchSize : (set.Count + batchSize - 1) / batchSize;
        if (BatchesPerEpoch == 0)
        {
            throw new InvalidInputException(
                $"A batch of {batchSize} is more than the {set.Count} images: make it smaller."
            );
        }
    }

    /// <summary>Batches per epoch.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>
    /// Leaves an image that turns out to be unreadable out of its batch, and a batch without any other image out of the
    /// epoch: for evaluation, which must not count another image twice. False: it is replaced by the next image of its
    /// class.
    /// </summary>
    public bool LeavesOutUnreadable { get; init; }

    /// <summary>The part of each batch that is made; the order and number of batches are those of the whole.</summary>
    public BatchPart Part { get; init; } = BatchPart.Whole;

    /// <summary>The most bytes of batches that exist at the same time; two batches are always allowed.</summary>
    internal long BytesAhead { get; init; } = DefaultBytesAhead;

    /// <summary>The most bytes of batches that existed at the same time so far; their memory is reused.</summary>
    internal long BytesHeld { get; private set; }

    /// <summary>Returns how many batches exist at the same time, including the one in use.</summary>
    /// <param name="batchSize">Images per batch.</param>
    /// <param name="imageBytes">Bytes per image: resolution * resolution * channels * 4.</param>
    /// <param name="threads">
    /// Threads that decode; there are more batches if they are small, so that each thread finds work.
    /// </param>
    /// <param name="bytes">The most bytes of all batches.</param>
    /// <returns>At least 2, whatever their size.</returns>
    internal static int BatchesAhead(int batchSize, long imageBytes, int threads, long bytes)
    {
        long forThreads = FewestAhead + (((2L * threads) + batchSize - 1) / batchSize);
        long most = bytes / (batchSize * imageBytes);
        return (int)Math.Clamp(Math.Max(UsualAhead, forThreads), FewestAhead, Math.Max(FewestAhead, most));
    }

    /// <summary>Returns the batches of one epoch, in order; the caller disposes of each.</summary>
    /// <param name="epoch">Number of the epoch, from 0; it determines order and augmentation.</param>
    /// <param name="firstBatch">Batches to skip at the beginning, when a run is resumed.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidInputException">An image cannot be read and reading is strict.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        foreach (LoadedBatch batch in Load(epoch, firstBatch, cancellationToken))
        {
            yield return new Batch(
                batch.Pixels,
                batch.Labels,
                _transforms.Resolution,
                _transforms.Channels,
                batch.Positions
            );
        }
    }

    /// <summary>Returns the same as arrays, which are reused once the next batch is requested.</summary>
    /// <returns>
    /// Images [N, H, W, C] and labels [N]; the array of images may be longer than its last batch needs.
    /// </returns>
    internal IEnumerable<(float[] Images, long[] Labels)> EpochArrays(
        int epoch,
        int firstBatch,
        CancellationToken cancellationToken
    ) => Load(epoch, firstBatch, cancellationToken).Select(batch => (batch.Pixels, batch.Labels));

    private IEnumerable<LoadedBatch> Load(int epoch, int firstBatch, CancellationToken cancellationToken)
    {
        int[] order = Order(epoch);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        long imageBytes = sizeof(float) * (long)_transforms.Length;
        int most = BatchesAhead(Part.Longest(_batchSize), imageBytes, _threads, BytesAhead);
        var ahead = new Queue<(BatchInProgress Batch, Task Made)>(most);
        bool any = false;
        try
        {
            int next = firstBatch;
            while (true)
            {
                while (ahead.Count < most && next < BatchesPerEpoch)
                {
                    BatchInProgress batch = Begin(order, next++);
                    ahead.Enqueue(
                        (batch, batch.Start(_seed, epoch, _threads, _schedulers.ConcurrentScheduler, stop.Token))
                    );
                }

                if (!ahead.TryPeek(out (BatchInProgress Batch, Task Made) first))
                {
                    if (!any && firstBatch == 0 && Part == BatchPart.Whole)
                    {
                        throw new InvalidInputException(
                            $"{_set.Name(0)}: neither it nor any other of {_set.Count} images can be read."
                        );
                    }

                    yield break;
                }

                Wait(first.Made, cancellationToken);
                LoadedBatch loaded = first.Batch.Take();
                _set.ReportUnreadable();
                if (loaded.Labels.Length > 0)
                {
                    any = true;
                    yield return loaded;
                }

                _buffers.Add(ahead.Dequeue().Batch.Pixels);
            }
        }
        finally
        {
            // Nothing is left running if the caller stops early.
            stop.Cancel();
            foreach ((BatchInProgress batch, Task made) in ahead)
            {
                made.ContinueWith(
                        _ => { },
                        CancellationToken.None,
                        TaskContinuationOptions.ExecuteSynchronously,
                        TaskScheduler.Default
                    )
                    .GetAwaiter()
                    .GetResult();
                _buffers.Add(batch.Pixels);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _schedulers.Complete();

    private int[] Order(int epoch)
    {
        int[] order = [.. Enumerable.Range(0, _set.Count)];
        if (_shuffle)
        {
            // No image has index -1, so order and augmentation are drawn independently.
            var random = new SplitMix64(_seed, epoch, -1);
            random.Shuffle(order);
        }

        return order;
    }

    private static void Wait(Task made, CancellationToken cancellationToken)
    {
        try
        {
            made.GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            // With the caller's token, not the one that stops the threads.
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    private BatchInProgress Begin(int[] order, int batch)
    {
        if (!_buffers.TryTake(out float[]? pixels))
        {
            pixels = GC.AllocateUninitializedArray<float>(checked(Part.Longest(_batchSize) * _transforms.Length));
            BytesHeld += sizeof(float) * pixels.LongLength;
        }

        int first = batch * _batchSize;
        (int start, int length) = Part.Of(Math.Min(_batchSize, order.Length - first));
        ReadOnlyMemory<int> positions = order.AsMemory(first + start, length);
        return new BatchInProgress(_set, _transforms, LeavesOutUnreadable, positions, pixels);
    }
}
