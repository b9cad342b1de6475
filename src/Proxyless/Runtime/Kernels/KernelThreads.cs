using TorchSharp;

namespace Proxyless.Runtime.Kernels;

/// <summary>Divides the work of a kernel among as many threads as libtorch uses.</summary>
internal static class KernelThreads
{
    /// <summary>Threads of a kernel.</summary>
    public static int Count => torch.get_num_threads();

    /// <summary>Calls <paramref name="work"/> with consecutive ranges of 0..items, one for each thread.</summary>
    /// <param name="items">How many there are.</param>
    /// <param name="threads">Threads, <see cref="Count"/> as a rule.</param>
    /// <param name="work">Gets the thread's number, the first item and the one after the last.</param>
    public static void For(int items, int threads, Action<int, int, int> work)
    {
        int parts = Math.Min(threads, items);
        if (parts <= 1)
        {
            work(0, 0, items);
            return;
        }

        Parallel.For(0, parts, part => work(part, (int)((long)items * part / parts), (int)((long)items * (part + 1) / parts)));
    }
}
