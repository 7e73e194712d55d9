"""The scikit-learn estimator: parameters in, checks, and then the rooms below do the work."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Literal, Self

import torch

from unflat._arrays import shaped_as_targets
from unflat.baselines import Baselines
from unflat.contract import SequenceRegressor, check_is_fitted
from unflat.dataset import as_dataset, refuse_other_data, sequences_for
from unflat.errors import ConstantColumnWarning, TooFewSamplesError
from unflat.errors.telling import warn_user
from unflat.estimator.fitted import FittedMixin, unchanged_on_error
from unflat.estimator.inputs import warn_of_inputs, warn_of_single_steps
from unflat.estimator.judgement import warn_of, warn_of_history
from unflat.estimator.mistakes import warn_of_missing_codes, without_lone_values
from unflat.fitting.assessing import assess_held_out, assess_on
from unflat.fitting.learning import continued, learn
from unflat.fitting.picking import picks_of
from unflat.fitting.preparing import prepare
from unflat.fitting.restricting import restrict_to_known_targets
from unflat.fitting.settings import (
    choose_device,
    network_config,
    one_pass_config,
    parting_for,
    scaling_config,
    training_config,
)
from unflat.history import History, most_telling
from unflat.intervals import Bands, IntervalMixin, bands_of, worth_folding
from unflat.network import predict_all
from unflat.network.gradients import taking_gradients
from unflat.parting import Parting, parted
from unflat.randomness import random_state_of
from unflat.scaling.ranges import InputRange
from unflat.streaming import StreamMixin
from unflat.training.loop import Conduct, Runtime
from unflat.training.losses import Loss
from unflat.training.progress import ProgressBar, shows_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from unflat.config import Cell, LossName, Pooling, Precision, Scale, Schedule, TargetRange, TargetScale
    from unflat.dataset import Dataset
    from unflat.fitting.picking import Picks
    from unflat.randomness import RandomSource
    from unflat.sequences import Sequences
    from unflat.training.callbacks import Callback

_FEWEST_TO_FIT = 2
"""One sequence has no spread to learn."""


class LSTMRegressor(FittedMixin, IntervalMixin, StreamMixin, SequenceRegressor):
    """Predict numbers from sequences: raw units in, raw units out.

    Inputs and target are scaled with statistics of what is learned from, and the scales are part of the model. The
    network is a stack of LSTM layers, read out over all of time, beside a skip that starts as a ridge regression and
    follows a straight trend beyond the range it was trained on (of a curve, `predict` warns that it is not followed). A
    part of the data is held out: it chooses the epoch whose weights are kept, and measures spread and skill. A model
    that is flat, or no better than a baseline, is never returned in silence. The notes say what adapts to the data.

    Parameters
    ----------
    cell : {"lstm", "gru"}
        The recurrent cell.
    units : tuple of int
        Hidden units of each layer, first to last.
    bidirectional : bool
        Whether each layer also reads the sequence from its end.
    dropout : float
        Share of values set to zero between layers and after the read-out, in training only.
    input_noise : float or "auto"
        Noise that the recurrence reads in training, as a multiple of how much the levels of series (groups) differ
        where the target is alike. "auto" is none, unless whole series are held out.
    readout : {"last", "mean", "max", "attention"} or tuple of these
        How the hidden states over time become one vector; several are concatenated.
    skip : bool
        Whether a ridge regression is added that training begins at, held back towards the mean, or the last value where
        the target is a later value of a feature, for which held-out data may refute it. With the loss "mse" each output
        then goes as far from it as held-out data vouch for, and as far towards a line of the few numbers that tell
        most.
    n_members : int or "auto"
        How many networks are trained, each from weights and with an order of its own; their mean is the prediction.
        Where sequences tell nothing of each other, or whole series are held out, each holds out another part. "auto" is
        five where there is little to hold out and one otherwise, and has others beside them that begin without the
        ridge regression: see the notes.
    loss : {"mse", "mae", "huber", "quantile"}
        What is made small, on the scaled target.
    quantile : float
        The quantile that the loss of that name estimates.
    epochs : int or "auto"
        Passes over the training part, at the most. "auto" is 10 to 100, for about 1,500 steps, or 1,000 of each network
        where several hold out different parts.
    batch_size : int or "auto"
        Sequences in one step. "auto" is the power of two nearest to three times the root of the number of
        training sequences, between 16 and 256.
    learning_rate : float
        The highest rate of the one-cycle schedule, or the rate of the constant one.
    schedule : {"one-cycle", "constant"}
        How the rate moves over the training.
    weight_decay : float
        Decoupled decay of all weight matrices but the skip's.
    epsilon : float
        What AdamW adds to its denominator.
    clip_norm : float or None
        The largest norm of a step's gradient.
    averaging : float
        Share of all steps over which weights are averaged; the average is judged and kept. 0 keeps the last weights.
    patience : int, "auto" or None
        Epochs without a better validation loss after which training stops; None never does. "auto" is half of the
        epochs at a constant rate, and None in a cycle of rates, which does its best work at its end.
    validation_fraction : float or "auto"
        Share that a network holds out, of series where these are held out whole, unless validation data are given to
        `fit`. "auto" is a tenth; where networks hold out different parts a fifth, or 1 / n_members of more than five.
    scale_inputs : {"standard", "robust", "minmax", "none"}
        The scale of numeric features.
    scale_target : {"standard", "robust", "minmax", "log", "none"}
        The scale of the target; "log" is for positive targets over several magnitudes.
    target_range : "auto", tuple of (float or None, float or None), or None
        What predictions and intervals are limited to, None for an open end: (0, None) where nothing is negative.
        "auto" takes what the targets tell (see the notes); None holds nothing.
    device : str
        "auto" for CUDA, else Apple's MPS, else the processor; or a device's name.
    precision : {"fp32", "bf16"}
        The arithmetic of the network's products in training. Some processors have none of "bf16"; a fit says so.
    callbacks : sequence of Callback
        Who looks on while the network is trained.
    progress : bool or "auto"
        Whether to draw a progress bar; "auto" where standard error is a terminal.
    random_state : int, RandomState, Generator or None
        Seeds initial weights, order, dropout and what is held out. The same seed on the same machine, with as many
        threads, gives the same bits. Nothing global is seeded or drawn from.

    Attributes
    ----------
    predictor_ : Predictor
        The fitted module, from raw values to raw predictions.
    histories_ : tuple of History
        What training recorded, of each member.
    history_ : History
        That of the first member whose training went wrong, else of the first.
    held_out_ : Assessment or None
        Scores, spread and skill on the part that was held out; None if there was none.
    baselines_ : Baselines
        Mean, last value, seasonal value and ridge, fitted on the same training part.
    schema_ : WindowSchema or None
        What the columns mean, if the model was fitted on windows of a table.
    bands_ : Bands
        What `predict_interval` is made of: how far errors reach, and the scores of the part that was held out.
    input_range_ : InputRange
        The least and largest value of each feature in training; `predict` warns of inputs far outside.
    target_limits_ : tuple of Limits
        `lowest` and `highest` of each output, which predictions are limited to; infinite where they are not.
    held_between_ : tuple of Limits
        The same of predictions alone, where nothing held out vouched for what lies beyond the training targets.
    linear_outputs_ : tuple of bool
        Of each output, whether the recurrence earned nothing on the held-out part: then its skip alone predicts it.
    linear_ : bool
        Whether that is so of all of them: the model then is its skip alone.
    n_features_in_ : int
        Features of a time step.
    fewest_steps_ : int
        Time steps of the shortest sequence.
    n_outputs_ : int
        Numbers predicted for a sequence.
    target_names_ : tuple of str
        Names of the outputs.
    flat_target_ : bool
        Whether y had one dimension, as predictions then have.

    Notes
    -----
    What adapts to the data, unless parameters or validation data say otherwise, with n sequences of T steps:

    - *n.* Below 20 nothing is held out. Five networks hold out a fifth each of fewer than 300 sequences that share no
      steps, or of fewer than 300 series that are held out whole (n up to 50,000); and a stretch each of fewer than 300
      windows of one series, if that leaves half of them to learn from, and fifths of the series differ in level by no
      more than half of the target's variance. Else one network holds out a tenth: at random, the end of a series, or
      whole series. With the loss "mse" a single one that learns from n up to 2,000, with n T up to 200,000, and holds
      out 20 or more has another beside it that begins without the ridge regression; it counts as far as what is held
      out vouches for it. `epochs` and `batch_size` follow from n as well.
    - *T and features.* The ridge regression reads the last and the mean step, and what cross-validation finds to tell
      more: earlier steps, extremes or the first step, up to 1,024 numbers; or products, up to 512, where they leave
      less than 0.15 of the error. None of these makes it read more than n / 2 numbers.
    - *Groups.* With `groups` whole series are held out, and of a table that has five or more of them and no dates.
      Noise then leaves no more than half of the bits that it takes to tell which series a sequence is of, and with the
      loss "mse" each of five networks has another beside it, as above. A group with 20 sequences among those that
      calibrate has intervals of its own.
    - *Missing values.* The centre of a number's scale stands for them, beside an indicator if training lacked some too.
    - *Categories* of a table. Each label has an indicator; of a feature of steps with more than 10, up to 16 learned
      numbers. A label that training never saw is the mean of those that it saw, a missing one none of them.
    - *Targets.* An end of their range limits predictions and intervals where at least one in twenty is at that very
      end, three times as many as at any value between, and no held-out one lies beyond: a cap, or zeros. Where several
      networks hold out everything, but of one series, predictions alone keep within the range of the targets, unless
      those of held-out sequences that went beyond what was learned from were right to.
    - *Lone values.* Of 20 or more on a "standard" scale, one whose squared distance from the median outweighs those of
      all others together is drawn in towards the largest of these.

    Examples
    --------
    >>> import numpy as np
    >>> from unflat import LSTMRegressor
    >>> random = np.random.default_rng(0)
    >>> X = random.normal(1000, 50, size=(200, 12, 2))      # raw units, two features
    >>> y = 3 * X[:, -1, 0] + X[:, :, 1].max(axis=1)
    >>> model = LSTMRegressor(units=(16,), epochs=20, random_state=0).fit(X, y)
    >>> model.predict(X[:2]).shape
    (2,)
    >>> bool(model.held_out_.spread > 0.9)
    True
    """

    _moments: tuple[dict[str, Any] | None, ...] | None = None  # the optimizers', kept from one partial_fit to the next

    def __init__(
        self,
        *,
        cell: Cell = "lstm",
        units: Sequence[int] = (50, 100),
        bidirectional: bool = False,
        dropout: float = 0.0,
        input_noise: float | Literal["auto"] = "auto",
        readout: Pooling | Sequence[Pooling] = ("last", "mean", "max"),
        skip: bool = True,
        n_members: int | Literal["auto"] = "auto",
        loss: LossName = "mse",
        quantile: float = 0.5,
        epochs: int | Literal["auto"] = "auto",
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: float = 5e-3,
        schedule: Schedule = "one-cycle",
        weight_decay: float = 1e-4,
        epsilon: float = 1e-8,
        clip_norm: float | None = 1.0,
        averaging: float = 0.07,
        patience: int | Literal["auto"] | None = "auto",
        validation_fraction: float | Literal["auto"] = "auto",
        scale_inputs: Scale = "standard",
        scale_target: TargetScale = "standard",
        target_range: TargetRange = "auto",
        device: str = "auto",
        precision: Precision = "fp32",
        callbacks: Sequence[Callback] = (),
        progress: Literal["auto"] | bool = "auto",
        random_state: RandomSource = None,
    ) -> None:
        self.cell = cell
        self.units = units
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.input_noise = input_noise
        self.readout = readout
        self.skip = skip
        self.n_members = n_members
        self.loss = loss
        self.quantile = quantile
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.schedule = schedule
        self.weight_decay = weight_decay
        self.epsilon = epsilon
        self.clip_norm = clip_norm
        self.averaging = averaging
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.scale_inputs = scale_inputs
        self.scale_target = scale_target
        self.target_range = target_range
        self.device = device
        self.precision = precision
        self.callbacks = callbacks
        self.progress = progress
        self.random_state = random_state

    def fit(
        self,
        X: object,
        y: object = None,
        *,
        sample_weight: object = None,
        groups: object = None,
        validation: object = None,
    ) -> Self:
        """Fit scales and network.

        Parameters
        ----------
        X : array of shape (n, T, F) or (n, T), list of arrays of shape (T_i, F) or (T_i,), or Windows
            Sequences in raw units; NaN where a value is missing. In an array, rows of nothing but NaN at either end
            of a sequence are padding.
        y : array-like of shape (n,) or (n, n_outputs), or None
            Targets in raw units; None with windows, which hold theirs.
        sample_weight : array-like of shape (n,) or None
            Weight of each sequence in the loss; one of weight 0 is left out.
        groups : array-like of shape (n,) or None
            Sequences with the same label are held out together.
        validation : tuple of (X, y), Windows or None
            What to hold out, instead of a share of X.

        Returns
        -------
        LSTMRegressor
            This estimator, fitted.

        Raises
        ------
        ConfigurationError
            If a parameter is outside what it may be.
        InputError
            If sequences or targets cannot be used; its subclasses say why.

        Warns
        -----
        FlatPredictionWarning, NoSkillWarning, DivergedWarning, InterruptedWarning
            If the fitted model should not be trusted.
        ConstantColumnWarning
            If features have one value in all training rows.
        SingleStepWarning
            If each sequence is one step of several features: axes may be swapped.
        MissingCodeWarning
            If a number stands apart from all others again and again, as -999 does in the place of missing values.
        LoneValueWarning
            If a value outweighs all others of its feature or target together: it is drawn in.
        """
        parameters, device = self.get_params(deep=False), choose_device(self.device)
        data = self._dataset(X, y, sample_weight, groups)
        warn_of_missing_codes(data)
        data = without_lone_values(data, scaling_config(parameters))
        random = random_state_of(self.random_state)
        parting = parting_for(parameters, data, validation, random)
        config = training_config(parameters, len(parting.parts[0].training), crossed=parting.crossed)
        with unchanged_on_error(self), taking_gradients():
            generator = self._start(parting, random)
            picks = picks_of(self.predictor_, parting, config.loss)
            callbacks = [*self.callbacks, *([ProgressBar()] if shows_progress(self.progress) else [])]
            conduct = Conduct(generator, Runtime(device, config.precision), callbacks, worth_folding(parting))
            trained = learn(self.predictor_, parting, config, conduct, picks=picks)
            self.histories_ = tuple(one.history for one in trained)
            # Ctrl-C leaves the networks that it came before untrained.
            self.predictor_.keep(len(trained))
            self._judge(parting.kept(len(trained)), [one.errors for one in trained], picks, Loss.of(config))
        return self

    def partial_fit(self, X: object, y: object = None, *, sample_weight: object = None) -> Self:
        """Go on training with one pass over more data, at a constant rate: a tenth of `learning_rate`.

        The scales stay those of the first data; the optimizer's moments are kept from call to call, but not in a
        saved file. Nothing is held out. Without an earlier fit, scales and initial weights come from this data.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.

        Returns
        -------
        LSTMRegressor
            This estimator.

        Raises
        ------
        ConfigurationError, InputError
            As for `fit`. Whatever is raised, by a callback too, leaves the estimator as it was before.

        Warns
        -----
        DivergedWarning, InterruptedWarning
            If the pass did not come to its end, in any network: but for its history, the estimator is as it was before.
        TargetLimitWarning
            If a target lies beyond a limit that earlier ones pile up at, which therefore is none: it is let go.
        """
        parameters, device = self.get_params(deep=False), choose_device(self.device)
        is_first = not hasattr(self, "predictor_")
        data = self._dataset(X, y, sample_weight, None, fewest=_FEWEST_TO_FIT if is_first else 1)
        config = one_pass_config(parameters, len(data))
        random = random_state_of(self.random_state)
        with unchanged_on_error(self), taking_gradients():
            if is_first:
                self._start(parted(data, None, 0, random, self.n_members), random)
                self.held_out_, self.histories_ = None, (History(),) * len(self.predictor_.members)
            refuse_other_data(data, self.schema_, self.n_features_in_, self.n_outputs_)
            self.predictor_.target.refuse(data.y, self.target_names_)
            # It is a copy that learns: of several networks some may have, when one breaks off.
            before, self.predictor_ = self.predictor_, deepcopy(self.predictor_)
            self._admit(data.y)
            # Each pass has an order of its own, which follows from the seed and the passes before it.
            seed = int(random.randint(2**31 - 1)) + len(self.history_.epochs)
            conduct = Conduct(torch.Generator().manual_seed(seed), Runtime(device, config.precision), self.callbacks)
            whole = Parting.alike(data, members=len(self.predictor_.members))
            trained = learn(self.predictor_, whole, config, conduct, moments=self._moments)
            later = [one.history for one in trained]
            if most_telling(later).broke_off:
                self.predictor_, later = before, [history.undone() for history in later]
            else:
                self._moments = tuple(one.moments for one in trained)
                self.bands_ = self.bands_.outdated()
                self.predictor_.hold.release()
                self.fewest_steps_ = min(self.fewest_steps_, data.sequences.shortest)
            self.histories_ = continued(self.histories_, later)
            warn_of_history(most_telling(later))
        return self

    def predict(self, X: object) -> NDArray[np.float64]:
        """Predict.

        Parameters
        ----------
        X : array, list, Windows, or table
            Sequences as for `fit`; or, if the model was fitted on windows of a table, another such table, from which
            the same windows are cut.

        Returns
        -------
        ndarray of shape (n,) or (n, n_outputs), float64
            Predictions in the target's units, in the form that y had.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        InputError
            If sequences cannot be used, or have other features than in training; or if X has shape (n, 1) and each
            sequence of the training had several steps: `X[None]` is one sequence.

        Warns
        -----
        MissingValuesWarning
            If values are missing in a feature that was complete in training.
        OutOfRangeWarning
            If values lie far outside of the range that training saw: by more than all of it where predictions go on
            along a skip, by more than half of it where there is none, or where `held_between_` stops them.
        """
        check_is_fitted(self)
        prediction = predict_all(self.predictor_, self._sequences(X))
        return shaped_as_targets(prediction, one_dimensional=self.flat_target_)

    def _dataset(
        self, X: object, y: object, sample_weight: object, groups: object, *, fewest: int = _FEWEST_TO_FIT
    ) -> Dataset:
        data = as_dataset(X, y, sample_weight=sample_weight, groups=groups).counted()
        if len(data) < fewest:
            raise TooFewSamplesError("The sequences to fit", fewest, len(data))
        warn_of_single_steps(data)
        return data

    def _start(self, parting: Parting, random: np.random.RandomState) -> torch.Generator:
        """Set all that is fitted before the first step, and give the generator to go on with."""
        training, parameters = parting.whole, self.get_params(deep=False)
        generator = torch.Generator().manual_seed(int(random.randint(2**31 - 1)))
        prepared = prepare(parting, network_config(parameters), scaling_config(parameters), generator)
        if prepared.constant:
            told = f"Constant in all training rows, so they carry nothing: features {', '.join(prepared.constant)}."
            warn_user(ConstantColumnWarning(told))
        self._moments = None
        self.predictor_ = prepared.predictor
        self.bands_ = Bands.unlearned(prepared.predictor)
        self.input_range_ = InputRange.of(training.sequences)
        self.baselines_ = Baselines.fit(training.sequences, training.y, training.past, sample_weight=training.weights)
        self.schema_ = training.schema
        self.n_features_in_ = training.sequences.n_features
        self.fewest_steps_ = training.sequences.shortest
        self.n_outputs_ = training.y.shape[1]
        self.target_names_ = training.names
        self.flat_target_ = training.one_dimensional
        return generator

    def _judge(self, parting: Parting, errors: Sequence[list[torch.Tensor]], picks: Picks, loss: Loss) -> None:
        """Measure how it does on what was held out, and warn where that is not good enough."""
        if self.target_range == "auto":
            restrict_to_known_targets(self.predictor_, parting)
        self.bands_ = bands_of(self.predictor_, parting, errors, loss, picks.errors)
        self.held_out_ = assess_held_out(self.predictor_, self.baselines_, parting)
        judged = self.held_out_ or assess_on(self.predictor_, self.baselines_, parting.whole)
        warn_of(self.history_, judged, self.target_names_, held_out=self.held_out_ is not None)

    def _sequences(self, X: object) -> Sequences:
        sequences = sequences_for(X, self.schema_, self.n_features_in_, fewest_steps=self.fewest_steps_)
        warn_of_inputs(self.predictor_, self.input_range_, sequences)
        return sequences
