using System.Runtime.ExceptionServices;

namespace Proxyless.Data;

/// <summary>Processes many images on several threads and reports progress if it takes long.</summary>
internal static class ImageLoop
{
    /// <summary>Runs the loop.</summary>
    /// <param name="count">Number of images.</param>
    /// <param name="threads">Threads to use, including the caller's.</param>
    /// <param name="stage">What is being done, for the observer.</param>
    /// <param name="observer">
    /// Receives progress from the caller's thread, once it has taken <see cref="Progress.Unreported"/>.
    /// </param>
    /// <param name="work">Called for each image, with its number.</param>
    /// <param name="cancellationToken">Stops it.</param>
    public static void Run(
        int count,
        int threads,
        string stage,
        IRunObserver observer,
        Action<int> work,
        CancellationToken cancellationToken
    )
    {
        var progress = new Progress(observer, stage, 0, count, Progress.Unreported);
        int caller = Environment.CurrentManagedThreadId;
        int done = 0;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = threads, CancellationToken = cancellationToken };
        try
        {
            Parallel.For(
                0,
                count,
                parallel,
                i =>
                {
                    work(i);
                    int now = Interlocked.Increment(ref done);
                    if (Environment.CurrentManagedThreadId == caller)
                    {
                        progress.Report(now, "images");
                    }
                }
            );
        }
        catch (AggregateException exception)
        {
            // As without threads: who catches it knows it by its type.
            ExceptionDispatchInfo.Throw(exception.InnerExceptions[0]);
        }
    }
}
