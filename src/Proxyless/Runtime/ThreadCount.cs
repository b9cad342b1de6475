using Proxyless.Distributed;
using TorchSharp;

namespace Proxyless.Runtime;

/// <summary>The number of threads that compute.</summary>
internal static class ThreadCount
{
    private static readonly Lock Gate = new();
    private static (int Own, int Asked)? _changed;

    /// <summary>
    /// Returns the requested number, or one for each processor that this process may use
    /// (<see cref="ProcessGroup.Threads"/>).
    /// </summary>
    /// <param name="asked">The requested number, or null.</param>
    public static int Of(int? asked) => asked ?? ProcessGroup.Current.Threads;

    /// <summary>The same, with a warning.</summary>
    /// <param name="asked">The requested number, or null.</param>
    /// <param name="observer">
    /// Is warned of more threads than processors: they take turns and wait for each other.
    /// </param>
    public static int Of(int? asked, IRunObserver observer)
    {
        int processors = Environment.ProcessorCount;
        if (asked > processors)
        {
            observer.Warning(
                $"RunOptions.Threads = {asked} is more than the {processors} processors here: threads wait for each "
                    + $"other, and a step can take many times as long; leave the option out"
            );
        }

        return Of(asked);
    }

    /// <summary>Sets libtorch's threads for one run.</summary>
    /// <param name="asked">
    /// The number to set; null: the process's own number, as before any run requested another. It is not changed.
    /// </param>
    /// <param name="observer">Is warned of more threads than processors.</param>
    /// <returns>The number that libtorch uses now.</returns>
    public static int OfLibtorch(int? asked, IRunObserver observer)
    {
        lock (Gate)
        {
            int now = torch.get_num_threads();
            int own = _changed is { } changed && changed.Asked == now ? changed.Own : now;
            int wanted = asked is null && ProcessGroup.Current.Size == 1 ? own : Of(asked, observer);
            if (wanted != now)
            {
                torch.set_num_threads(wanted);
            }

            _changed = wanted == own ? null : (own, wanted);
            return wanted;
        }
    }
}
