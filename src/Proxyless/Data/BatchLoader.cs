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

    /// <summary>
    /// An image that turns out unreadable is left out of its batch, which is smaller then, or of the epoch where it was the only one:
    /// for judging, which must not count another image twice. False: it is replaced by the next of its class.
    /// </summary>
    public bool LeavesOutUnreadable { get; init; }

    /// <summary>The batches of one epoch, in order; whoever takes one disposes it.</summary>
    /// <param name="epoch">Number of the pass, from 0: decides order and augmentation.</param>
    /// <param name="firstBatch">Batches to leave out at the beginning, when a run is taken up again.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="InvalidInputException">An image cannot be read and reading is strict.</exception>
    public IEnumerable<Batch> Epoch(int epoch, int firstBatch = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstBatch);
        foreach (Loaded batch in Load(epoch, firstBatch, cancellationToken))
        {
            yield return new Batch(batch.Images, batch.Labels, _transforms.Resolution, _transforms.Channels, batch.Positions);
        }
    }

    /// <summary>The same as arrays, which are used again once the next batch is asked for.</summary>
    /// <returns>Images [N, H, W, C] and labels [N]; the array of images may be longer than its last batch needs.</returns>
    internal IEnumerable<(float[] Images, long[] Labels)> EpochArrays(int epoch, int firstBatch, CancellationToken cancellationToken) =>
        Load(epoch, firstBatch, cancellationToken).Select(batch => (batch.Images, batch.Labels));

    private IEnumerable<Loaded> Load(int epoch, int firstBatch, CancellationToken cancellationToken)
    {
        int[] order = Order(epoch);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var ahead = new Queue<Task<Loaded>>(_ahead);
        bool any = false;
        try
        {
            int next = firstBatch;
            while (true)
            {
                while (ahead.Count < _ahead && next < BatchesPerEpoch)
                {
                    int batch = next++;
                    ahead.Enqueue(Task.Factory.StartNew(
                        () => LoadBatch(order, epoch, batch, stop.Token),
                        stop.Token,
                        TaskCreationOptions.None,
                        _schedulers.ConcurrentScheduler));
                }

                if (!ahead.TryDequeue(out Task<Loaded>? first))
                {
                    if (!any && firstBatch == 0)
                    {
                        throw new InvalidInputException($"{_set.Name(0)}: neither it nor any other of {_set.Count} images can be read.");
                    }

                    yield break;
                }

                Loaded loaded = first.GetAwaiter().GetResult();
                _set.ReportUnreadable();
                if (loaded.Labels.Length > 0)
                {
                    any = true;
                    yield return loaded;
                }

                _buffers.Add(loaded.Images);
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

    private Loaded LoadBatch(int[] order, int epoch, int batch, CancellationToken cancellationToken)
    {
        int first = batch * _batchSize;
        int most = Math.Min(_batchSize, order.Length - first);
        var labels = new List<long>(most);
        var positions = new List<int>(most);
        if (!_buffers.TryTake(out float[]? images))
        {
            images = GC.AllocateUninitializedArray<float>(_batchSize * _transforms.Length);
        }

        for (int i = 0; i < most; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int image = order[first + i];
            var random = new SplitMix64(_seed, epoch, image);
            Span<float> destination = images.AsSpan(labels.Count * _transforms.Length, _transforms.Length);
            if (!LeavesOutUnreadable)
            {
                _set.Render(image, _transforms, random, destination);
            }
            else if (!_set.TryRender(image, _transforms, random, destination))
            {
                continue;
            }

            labels.Add(_set.Label(image));
            positions.Add(image);
        }

        return new Loaded(images, [.. labels], [.. positions]);
    }

    private readonly record struct Loaded(float[] Images, long[] Labels, int[] Positions);
}
