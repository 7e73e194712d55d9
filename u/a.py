import numpy as np, warnings
from unflat import LSTMRegressor, evaluate, diagnose
r=np.random.default_rng(0)
X=r.normal(1000,50,size=(400,10,3)); y=X[:,-1,0]*X[:,-1,1]/1000+r.normal(0,1,400)
m=LSTMRegressor(units=(8,),epochs=5,n_members=1,random_state=0,progress=False).fit(X[:300],y[:300])
print(evaluate(m,X[300:],y[300:]))
print(diagnose(m,X[300:],y[300:]))
