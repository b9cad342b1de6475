namespace Proxyless.Runtime;

/// <summary>How many threads compute.</summary>
internal static class ThreadCount
{
    /// <summary>The number that was asked for, or one for each processor that this process may use.</summary>
    /// <param name="asked">What was asked for, or null.</param>
    public static int Of(int? asked) => asked ?? Environment.ProcessorCount;

    /// <summary>The same, with a warning.</summary>
    /// <param name="asked">What was asked for, or null.</param>
    /// <param name="observer">Is warned of more threads than processors: they take turns and wait for each other.</param>
    public static int Of(int? asked, IRunObserver observer)
    {
        int processors = Environment.ProcessorCount;
        if (asked > processors)
        {
            observer.Warning($"RunOptions.Threads = {asked} is more than the {processors} processors here: threads wait for each other, and a step can take many times as long; leave the option out");
        }

        return Of(asked);
    }
}
