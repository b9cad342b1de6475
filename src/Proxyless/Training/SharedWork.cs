using System.Runtime.ExceptionServices;
using Proxyless.Distributed;

namespace Proxyless.Training;

/// <summary>
/// Work whose steps all processes of a group share. The leader begins it where its own work comes to it; the others are
/// told what it is, and when it is over, however it ends.
/// </summary>
internal static class SharedWork
{
    /// <summary>Does the work in the leader.</summary>
    /// <typeparam name="T">Its result.</typeparam>
    /// <param name="group">The processes.</param>
    /// <param name="describe">Describes it to the others.</param>
    /// <param name="attachment">Returns a file that the others need; null for none.</param>
    /// <param name="work">The work.</param>
    public static T Lead<T>(
        ProcessGroup group,
        Func<string> describe,
        Func<string?> attachment,
        Func<DataParallel, T> work
    )
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(describe);
        ArgumentNullException.ThrowIfNull(attachment);
        ArgumentNullException.ThrowIfNull(work);
        if (group.Size == 1)
        {
            return work(DataParallel.Alone);
        }

        using IDisposable sharing = group.BeginWork();

        // Before the others hear of it: both may fail.
        string description = describe();
        FileStream? file = attachment() is { } path ? File.OpenRead(path) : null;
        using var parallel = new DataParallel(group.Communicator);
        try
        {
            // Closed before the work: checkpoints replace it, and one that is open would keep its place on the disk.
            using (file)
            {
                Send(parallel.Signals, description, file);
            }
        }
        catch
        {
            group.IsBroken = true;
            throw;
        }

        try
        {
            return work(parallel);
        }
        catch (Exception exception)
            when (parallel.IsInStep && exception is not (TrainingDivergedException or NotFiniteNumberException))
        {
            // The others wait in a collective operation. A loss that is not finite is the mean over all processes: they
            // have seen it too.
            group.IsBroken = true;
            throw;
        }
        finally
        {
            if (!group.IsBroken)
            {
                parallel.Signals.GoesOn(false);
            }
        }
    }

    private static void Send(GroupSignals signals, string description, FileStream? file)
    {
        signals.Begin(description);
        signals.SendFile(file);
    }

    /// <summary>Does the work in another process.</summary>
    /// <param name="group">The processes.</param>
    /// <param name="attachment">Where the file goes that the leader sends, if it does.</param>
    /// <param name="work">The work.</param>
    /// <returns>What has failed here after the last shared step, which nobody is told; null if nothing has.</returns>
    /// <exception cref="InvalidOperationException">The leader goes on where the work has ended.</exception>
    public static ExceptionDispatchInfo? Follow(ProcessGroup group, string attachment, Action<DataParallel> work)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(work);
        using var parallel = new DataParallel(group.Communicator);
        parallel.Signals.ReceiveFile(attachment);
        try
        {
            work(parallel);
        }
        catch (LeaderStoppedException)
        {
            return null;
        }
        catch (Exception exception)
            when (parallel.IsInStep && exception is TrainingDivergedException or NotFiniteNumberException)
        {
            // In the leader as well.
        }
        catch (Exception exception) when (!parallel.IsInStep)
        {
            // What has failed here, such as reading the images, has perhaps failed in the leader too, which then says
            // so and writes a checkpoint.
            if (parallel.Signals.GoesOn(false))
            {
                throw;
            }

            return ExceptionDispatchInfo.Capture(exception);
        }

        if (parallel.Signals.GoesOn(false))
        {
            throw new InvalidOperationException(
                "the process that leads begins another step, and the work has ended here: they would wait for each "
                    + "other forever"
            );
        }

        return null;
    }
}
