using System.Collections.Concurrent;

namespace Proxyless.Data;

/// <summary>
/// Makes batches of a set on several threads ahead of whoever takes them; how many are ahead is bounded by their bytes
/// (<see cref="BatchesAhead"/>). The same seed and epoch give the same batches whatever the number of threads.
/// </summary>
internal sealed class BatchLoader : IDisposable
{
    /// <summary>512 MiB: three batches of 256 colour images of 224 x 224, 27 of 32 images.</summary>
    internal const long DefaultBytesAhead = 512L << 20;

    // One that is taken and one that is made meanwhile.
    private const int FewestAhead = 2;

    // Steps do not take the same time each, and neither do batches.
    private const int UsualAhead = 4;

    private readonly ImageSet _set;
    private readonly Transforms _transforms;
    private readonly int _batchSize;
    private readonly int _seed;
    private readonly bool _shuffle;
    private readonly int _threads;
    private readonly ConcurrentExclusiveSchedulerPair _schedulers;
    private readonly ConcurrentBag<float[]> _buffers = [];

    /// <summary>Prepares to load; nothing is decoded before <see cref="Epoch"/> is enumerated.</summary>
    /// <param name="set">The images.</param>
    /// <param name="transforms">What is done to each.</param>
    /// <param name="batchSize">Images in a batch, at least 1.</param>
    /// <param name="seed">Seed of order and augmentation.</param>
    /// <param name="shuffle">Another order in every epoch; false: the order of the set.</param>
    /// <param name="dropLast">Leave out a last batch that is not full.</param>
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
                $"A batch of {batchSize} is more than the {set.Count} images there are: make it smaller."
            );
        }
    }

    /// <summary>Batches in one pass over the images.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>
    /// An image that turns out unreadable is left out of its batch, which is smaller then, or of the epoch where it was
    /// the only one: for judging, which must not count another image twice. False: it is replaced by the next of its
    /// class.
    /// </summary>
    public bool LeavesOutUnreadable { get; init; }

    /// <summary>The most bytes of batches that exist at a time; two batches may be more.</summary>
    internal long BytesAhead { get; init; } = DefaultBytesAhead;

    /// <summary>Bytes of all batches that have existed at a time so far; their memory is used again.</summary>
    internal long BytesHeld { get; private set; }

    /// <summary>How many batches exist at a time, the one that is taken among them.</summary>
    /// <param name="batchSize">Images in a batch.</param>
    /// <param name="imageBytes">Bytes of an image: resolution * resolution * channels * 4.</param>
    /// <param name="threads">Threads that decode; small batches are more, so that each thread finds work.</param>
    /// <param name="bytes">The most bytes of all.</param>
    /// <returns>2 or more, whatever their bytes.</returns>
    internal static int BatchesAhead(int batchSize, long imageBytes, int threads, long bytes)
    {
        long forThreads = FewestAhead + (((2L * threads) + batchSize - 1) / batchSize);
        long most = bytes / (batchSize * imageBytes);
        return (int)Math.Clamp(Math.Max(UsualAhead, forThreads), FewestAhead, Math.Max(FewestAhead, most));
    }

    /// <summary>The batches of one epoch, in order; whoever takes one disposes it.</summary>
    /// <param name="epoch">Number of the pass, from 0: decides order and augmentation.</param>
    /// <param name="firstBatch">Batches to leave out at the beginning, when a run is taken up again.</param>
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

    /// <summary>The same as arrays, which are used again once the next batch is asked for.</summary>
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
        int most = BatchesAhead(_batchSize, sizeof(float) * (long)_transforms.Length, _threads, BytesAhead);
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
                    if (!any && firstBatch == 0)
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
            // Whoever stops early leaves nothing running behind.
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
            // By the token that the caller knows, not by the one that stops the threads.
            cancellationToken.ThrowIfCancellationRequested();
            throw;
        }
    }

    private BatchInProgress Begin(int[] order, int batch)
    {
        if (!_buffers.TryTake(out float[]? pixels))
        {
            pixels = GC.AllocateUninitializedArray<float>(_batchSize * _transforms.Length);
            BytesHeld += sizeof(float) * pixels.LongLength;
        }

        int first = batch * _batchSize;
        ReadOnlyMemory<int> positions = order.AsMemory(first, Math.Min(_batchSize, order.Length - first));
        return new BatchInProgress(_set, _transforms, LeavesOutUnreadable, positions, pixels);
    }
}
