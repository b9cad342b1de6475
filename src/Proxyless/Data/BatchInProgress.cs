using System.Runtime.ExceptionServices;

namespace Proxyless.Data;

/// <summary>
/// A batch that several threads make together: each takes the next image that no thread has taken yet. The result does
/// not depend on which thread takes which image.
/// </summary>
/// <param name="set">The images.</param>
/// <param name="transforms">The processing of each image.</param>
/// <param name="leavesOutUnreadable">As <see cref="BatchLoader.LeavesOutUnreadable"/>.</param>
/// <param name="positions">The numbers of the batch's images in the set.</param>
/// <param name="pixels">The destination: room for all of them, one after another.</param>
internal sealed class BatchInProgress(
    ImageSet set,
    Transforms transforms,
    bool leavesOutUnreadable,
    ReadOnlyMemory<int> positions,
    float[] pixels
)
{
    private readonly bool[] _isRead = new bool[positions.Length];
    private readonly Lock _lock = new();
    private int _taken;
    private int _firstFailure = int.MaxValue;
    private ExceptionDispatchInfo? _failure;

    /// <summary>The memory that the batch is made in.</summary>
    public float[] Pixels => pixels;

    /// <summary>Lets threads work on it.</summary>
    /// <param name="seed">Seed of the augmentation.</param>
    /// <param name="epoch">Number of the pass over the images.</param>
    /// <param name="threads">The most threads that work on it at the same time.</param>
    /// <param name="scheduler">The scheduler of the threads.</param>
    /// <param name="cancellationToken">Stops it between two images.</param>
    /// <returns>
    /// Completes when no thread works on it any more; <see cref="Take"/> throws the error of an image that failed.
    /// </returns>
    public Task Start(int seed, int epoch, int threads, TaskScheduler scheduler, CancellationToken cancellationToken) =>
        Task.WhenAll(
            Enumerable
                .Range(0, Math.Min(threads, positions.Length))
                .Select(_ =>
                    Task.Factory.StartNew(
                        () => Work(seed, epoch, cancellationToken),
                        cancellationToken,
                        TaskCreationOptions.None,
                        scheduler
                    )
                )
        );

    /// <summary>Returns the finished batch: the images that were read, in order.</summary>
    /// <exception cref="InvalidInputException">An image cannot be read; if there are several, the first.</exception>
    /// <exception cref="DirectoryNotFoundException">The folder of the images no longer exists.</exception>
    public LoadedBatch Take()
    {
        _failure?.Throw();
        int length = transforms.Length;
        var read = new List<int>(positions.Length);
        for (int i = 0; i < positions.Length; i++)
        {
            if (_isRead[i])
            {
                if (read.Count < i)
                {
                    pixels.AsSpan(i * length, length).CopyTo(pixels.AsSpan(read.Count * length, length));
                }

                read.Add(positions.Span[i]);
            }
        }

        return new LoadedBatch(pixels, [.. read.Select(image => (long)set.Label(image))], [.. read]);
    }

    private void Work(int seed, int epoch, CancellationToken cancellationToken)
    {
        while (
            Interlocked.Increment(ref _taken) - 1 is var i
            && i < positions.Length
            && i < Volatile.Read(ref _firstFailure)
        )
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                _isRead[i] = Render(
                    positions.Span[i],
                    seed,
                    epoch,
                    pixels.AsSpan(i * transforms.Length, transforms.Length)
                );
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // All images before it have been taken, so the reported failure does not depend on the threads.
                lock (_lock)
                {
                    if (i < _firstFailure)
                    {
                        _firstFailure = i;
                        _failure = ExceptionDispatchInfo.Capture(exception);
                    }
                }
            }
        }
    }

    private bool Render(int image, int seed, int epoch, Span<float> destination)
    {
        var random = new SplitMix64(seed, epoch, image);
        if (leavesOutUnreadable)
        {
            return set.TryRender(image, transforms, random, destination);
        }

        set.Render(image, transforms, random, destination);
        return true;
    }
}

/// <summary>A batch as arrays.</summary>
/// <param name="Pixels">[N, H, W, C], or longer.</param>
/// <param name="Labels">[N].</param>
/// <param name="Positions">[N], the numbers of the images in the set.</param>
internal readonly record struct LoadedBatch(float[] Pixels, long[] Labels, int[] Positions);
