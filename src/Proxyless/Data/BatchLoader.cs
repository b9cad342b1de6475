using System.Collections.Concurrent;

namespace Proxyless.Data;

/// <summary>
/// Makes batches of a set on several threads ahead of whoever takes them. At most twice as many batches as threads exist at a
/// time. The same seed and epoch give the same batches whatever the number of threads.
/// </summary>
public sealed class BatchLoader : IDisposable
{
    private readonly ImageSet _set;
    private readonly Transforms _transforms;
    private readonly int _batchSize;
    private readonly int _seed;
    private readonly bool _shuffle;
    private readonly int _ahead;
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
    public BatchLoader(ImageSet set, Transforms transforms, int batchSize, int seed, bool shuffle, bool dropLast, int threads)
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
        _ahead = 2 * threads;
        _schedulers = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, threads);
        BatchesPerEpoch = dropLast ? set.Count / batchSize : (set.Count + batchSize - 1) / batchSize;
        if (BatchesPerEpoch == 0)
        {
            throw new InvalidInputException($"A batch of {batchSize} is more than the {set.Count} images there are: make it smaller.");
        }
    }

    /// <summary>Batches in one pass over the images.</summary>
    public int BatchesPerEpoch { get; }

    /// <summary>The batches of one epoch, in order; whoever takes one disposes it.</summary>
    /// <param name="epoch">Number of the pass, from 0: decides order and augmentation.</param>
    /// <param name="firstBatch">Batches to leave out at the beginning, when a run is taken up again.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidInputException">An image cannot be read and reading is strict.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        foreach ((float[] images, long[] labels) in EpochArrays(epoch, firstBatch, cancellationToken))
        {
            yield return new Batch(images, labels, _transforms.Resolution, _transforms.Channels);
        }
    }

    /// <summary>The same as arrays, which are used again once the next batch is asked for.</summary>
    /// <returns>Images [N, H, W, C] and labels [N]; the array of images may be longer than its last batch needs.</returns>
    internal IEnumerable<(float[] Images, long[] Labels)> EpochArrays(
        int epoch, int firstBatch, CancellationToken cancellationToken)
    {
        int[] order = Order(epoch);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ahead = new Queue<Task<(float[] Images, long[] Labels)>>(_ahead);
        try
        {
            int next = firstBatch;
            while (true)
            {
                while (ahead.Count < _ahead && next < BatchesPerEpoch)
                {
                    int batch = next++;
                    ahead.Enqueue(Task.Factory.StartNew(
                        () => Load(order, epoch, batch, stop.Token),
                        stop.Token,
                        TaskCreationOptions.None,
                        _schedulers.ConcurrentScheduler));
                }

                if (!ahead.TryDequeue(out Task<(float[] Images, long[] Labels)>? first))
                {
                    yield break;
                }

                (float[] images, long[] labels) = first.GetAwaiter().GetResult();
                _set.ReportUnreadable();
                yield return (images, labels);
                _buffers.Add(images);
            }
        }
        finally
        {
            // Whoever stops early leaves nothing running behind.
            stop.Cancel();
            foreach (Task task in ahead)
            {
                task.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                    .GetAwaiter().GetResult();
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

    private (float[] Images, long[] Labels) Load(int[] order, int epoch, int batch, CancellationToken cancellationToken)
    {
        int first = batch * _batchSize;
        int count = Math.Min(_batchSize, order.Length - first);
        var labels = new long[count];
        if (!_buffers.TryTake(out float[]? images))
        {
            images = GC.AllocateUninitializedArray<float>(_batchSize * _transforms.Length);
        }

        for (int i = 0; i < count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int image = order[first + i];
            labels[i] = _set.Label(image);
            var random = new SplitMix64(_seed, epoch, image);
            _set.Render(image, _transforms, random, images.AsSpan(i * _transforms.Length, _transforms.Length));
        }

        return (images, labels);
    }
}
